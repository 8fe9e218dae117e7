"""What a profile's table leaves out and serving needs: the latency of each stage, and how long answers were.

Letters: `S` samples, `C` configurations of the grid; a stage is one of vision, prefill and decode, in this order.
"""

from dataclasses import dataclass

import numpy as np

from trainable.profiles.files import STAGES, read_measurements
from trainable.profiles.table import Profile, files_of_datasets


@dataclass(frozen=True)
class Stages:
    """The measured stages of a profile's samples under its configurations."""

    latency_ms: np.ndarray
    """float32 [S, C, 3]; NaN where not measured, 0 throughout where a record has only its total."""
    longest_answer: int
    """The most tokens that any answer has; 0 where no record says."""


def read_stages(profile: Profile) -> Stages:
    """Read a profile's files once more, for what `load_profile` does not keep.

    Args:
        profile: its grid may be a part of a larger one.

    Raises:
        UserError: as `load_profile`.
    """
    row = {key: index for index, key in enumerate(profile.keys)}
    column = {knobs: index for index, knobs in enumerate(profile.grid.configurations)}
    latency_ms = np.full((len(row), len(column), len(STAGES)), np.nan, dtype=np.float32)
    longest_answer = 0
    for dataset, file in files_of_datasets(profile.results_dir, profile.datasets):
        for measurement in read_measurements(dataset, file):
            latency_ms[row[measurement.key], column[measurement.knobs]] = measurement.stages_ms
            longest_answer = max(longest_answer, measurement.output_tokens)
    return Stages(latency_ms, longest_answer)
