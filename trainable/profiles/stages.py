"""The latency of each stage, which a profile's table has as one total.

Letters: `S` samples, `C` configurations of the grid; a stage is one of vision, prefill and decode, in this order.
"""

import numpy as np

from trainable.profiles.files import STAGES, read_measurements
from trainable.profiles.table import Profile, files_of_datasets


def read_stages(profile: Profile) -> np.ndarray:
    """Read a profile's files once more, for what `load_profile` does not keep.

    Args:
        profile: all that its files hold or some of their samples; its grid may be larger than what was measured.

    Returns:
        Latency in ms, float32 [S, C, 3]: NaN where not measured, 0 throughout where a record has only its total.

    Raises:
        UserError: as `load_profile`.
    """
    row = {key: index for index, key in enumerate(profile.keys)}
    column = {knobs: index for index, knobs in enumerate(profile.grid.configurations)}
    latency_ms = np.full((len(row), len(column), len(STAGES)), np.nan, dtype=np.float32)
    for dataset, file in files_of_datasets(profile.results_dir, profile.datasets):
        for measurement in read_measurements(dataset, file):
            latency_ms[row[measurement.key], column[measurement.configuration]] = measurement.stages_ms
    return latency_ms
