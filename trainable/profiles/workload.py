"""What a controller is trained and judged on: samples, the configurations each can be run under, latency budgets.

A profile is one that has been measured; the store of a running model is another, which fills as it is used.
Letters: `S` samples, `C` configurations of the grid, `Q` budgets of the grid.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from trainable.contract import UserError
from trainable.profiles.files import SampleKey
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN, VALIDATION, split_of_image
from trainable.profiles.knobs import KnobGrid

NUM_BUDGETS = 8
BUDGET_PERCENTILES = (5.0, 95.0)


@dataclass(frozen=True)
class Workload(ABC):
    """Samples, known by their keys, on a grid of configurations.

    Raises:
        UserError: no image to train or to validate on, or nothing to choose in training.
    """

    results_dir: Path
    """Where it lies: one folder per dataset in it."""
    grid: KnobGrid
    keys: tuple[SampleKey, ...]
    questions: tuple[str, ...]

    def __post_init__(self) -> None:
        for wanted in (TRAIN, VALIDATION):
            if not len(self.samples(wanted)):
                raise UserError(
                    f"profile {self.results_dir}: none of its {len({key.image_id for key in self.keys})} images falls "
                    f"into the {SPLIT_NAMES[wanted]} split (by hash of image_id: 60 % train, 20 % validation, "
                    "20 % test); measure more images"
                )
        if self.allowed[self.samples(TRAIN)].sum(axis=1).max() == 1:
            raise UserError(
                f"profile {self.results_dir}: each training sample is measured under one configuration only, so there "
                "is nothing to choose; measure each under at least two"
            )

    @property
    @abstractmethod
    def allowed(self) -> np.ndarray:
        """Which configurations a sample can be run under, bool [S, C]."""

    @property
    @abstractmethod
    def latencies_of_budgets_ms(self) -> np.ndarray:
        """Latencies on training samples that the range of budgets is taken from; NaN where not measured."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Scores are comparable where it is the same."""

    @cached_property
    def split(self) -> np.ndarray:
        """TRAIN, VALIDATION or TEST, by each sample's image, [S]."""
        return np.array([split_of_image(key.image_id) for key in self.keys])

    def samples(self, split: int) -> np.ndarray:
        """Indices of the samples of one split, int64 [S of that split]."""
        return np.flatnonzero(self.split == split)

    def images(self, split: int) -> np.ndarray:
        """The image of each sample of one split, str [S of that split]."""
        return np.array([self.keys[sample].image_id for sample in self.samples(split)])

    @cached_property
    def budget_range_ms(self) -> tuple[float, float]:
        """The 5th and the 95th percentile of `latencies_of_budgets_ms`."""
        low, high = np.nanpercentile(self.latencies_of_budgets_ms, BUDGET_PERCENTILES)
        return float(low), float(high)

    @cached_property
    def budget_grid_ms(self) -> np.ndarray:
        """The fixed budgets of validation, evenly spaced over `budget_range_ms`, float32 [Q]."""
        return np.linspace(*self.budget_range_ms, NUM_BUDGETS).astype(np.float32)

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.dataset for key in self.keys))

    def describe(self) -> str:
        """What it is, in a line."""
        counts = ", ".join(f"{name} {np.sum(self.split == split):,}" for split, name in enumerate(SPLIT_NAMES))
        return (
            f"{', '.join(self.datasets)}: {len(self.keys):,} samples ({counts}) "
            f"x {self.allowed.any(axis=0).sum()} configurations"
        )
