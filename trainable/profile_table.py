"""The profile: accuracy and latency (ms) of every sample under every configuration, as one table.

Letters: `S` samples, `C` configurations of the grid, `Q` budgets of the grid.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from trainable.contract import UserError
from trainable.image_split import SPLIT_NAMES, TRAIN, VALIDATION, split_of_images
from trainable.knobs import KnobGrid
from trainable.profile_files import (
    KNOB_NAMES,
    Measurement,
    SampleKey,
    dataset_folders,
    profile_files,
    read_measurements,
)

NUM_BUDGETS = 8
BUDGET_PERCENTILES = (5.0, 95.0)
TIERS = ("low", "medium", "high")
"""Order of the known tiers; others follow by their median latency."""


@dataclass(frozen=True)
class Profile:
    """A measured table. Where a configuration was not measured for a sample, both numbers are NaN."""

    results_dir: Path
    grid: KnobGrid
    keys: tuple[SampleKey, ...]
    questions: tuple[str, ...]
    accuracy: np.ndarray
    """[S, C], in [0, 1]"""
    latency_ms: np.ndarray
    """[S, C]"""
    split: np.ndarray
    """TRAIN, VALIDATION or TEST, [S]"""

    @cached_property
    def measured(self) -> np.ndarray:
        """Which configurations a sample has, bool [S, C]."""
        measured: np.ndarray = ~np.isnan(self.latency_ms)
        return measured

    def samples(self, split: int) -> np.ndarray:
        """Numbers of the samples of one split, int64 [S of that split]."""
        return np.flatnonzero(self.split == split)

    @cached_property
    def budget_range_ms(self) -> tuple[float, float]:
        """The 5th and the 95th percentile of the training samples' latencies over all configurations."""
        low, high = np.nanpercentile(self.latency_ms[self.samples(TRAIN)], BUDGET_PERCENTILES)
        return float(low), float(high)

    @cached_property
    def budget_grid_ms(self) -> np.ndarray:
        """The fixed budgets of validation, evenly spaced over `budget_range_ms`, float32 [Q]."""
        return np.linspace(*self.budget_range_ms, NUM_BUDGETS).astype(np.float32)

    @cached_property
    def fingerprint(self) -> str:
        """A name for exactly these numbers and this budget grid: scores are comparable where it is the same."""
        digest = hashlib.sha256(repr((self.grid, self.keys)).encode())
        for array in (self.accuracy, self.latency_ms, self.budget_grid_ms):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.dataset for key in self.keys))

    def describe(self) -> str:
        """What the data is, in a line."""
        counts = ", ".join(f"{name} {np.sum(self.split == split):,}" for split, name in enumerate(SPLIT_NAMES))
        text = (
            f"{', '.join(self.datasets)}: {len(self.keys):,} samples ({counts}) "
            f"x {self.measured.any(axis=0).sum()} configurations"
        )
        missing = self.measured.size - int(self.measured.sum())
        if missing:
            text += (
                f"; {missing:,} of {self.measured.size:,} (sample, configuration) pairs are not measured: never chosen"
            )
        return text


def load_profile(
    results_dir: Path, dataset_names: tuple[str, ...] = (), on_file: Callable[[int, int], None] | None = None
) -> Profile:
    """Read a profile directory.

    Args:
        results_dir: one folder per dataset, one file per configuration.
        dataset_names: datasets to read; all of them when empty.
        on_file: told (files read, files in all), for a progress bar.

    Raises:
        UserError: missing, empty, malformed, of one configuration, or without an image to train or validate on.
    """
    folders = dataset_folders(results_dir, dataset_names)
    files = [(name, file) for name, folder in folders.items() for file in profile_files(folder)]

    def measurements() -> Iterable[Measurement]:
        for place, (name, file) in enumerate(files):
            yield from read_measurements(name, file)
            if on_file:
                on_file(place + 1, len(files))

    return tabulate(results_dir, measurements())


def tabulate(results_dir: Path, measurements: Iterable[Measurement]) -> Profile:
    """Arrange measurements, in any order, as a table whose order depends on their content alone."""
    questions: dict[SampleKey, str] = {}
    cells: dict[tuple[SampleKey, tuple[str | int, ...]], tuple[float, float]] = {}
    for measurement in measurements:
        cell = (measurement.key, measurement.knobs)
        if cell in cells:
            raise UserError(
                f"profile {results_dir}: {measurement.key} is measured twice under "
                f"{dict(zip(KNOB_NAMES, measurement.knobs, strict=True))}; keep one file per configuration"
            )
        cells[cell] = (measurement.accuracy, measurement.latency_ms)
        questions.setdefault(measurement.key, measurement.question)

    configurations = sorted({knobs for _, knobs in cells}, key=str)
    if not configurations:
        raise UserError(f"profile {results_dir}: its files hold no sample; measure it again")
    if len(configurations) == 1:
        raise UserError(
            f"profile {results_dir}: it holds one configuration only, so there is nothing to choose; "
            "measure at least two"
        )
    grid = _grid(cells)
    keys = tuple(sorted(questions, key=_natural))
    row = {key: place for place, key in enumerate(keys)}
    column = {knobs: grid.index(dict(zip(KNOB_NAMES, knobs, strict=True))) for knobs in configurations}
    accuracy = np.full((len(keys), grid.num_configurations), np.nan, dtype=np.float32)
    latency_ms = np.full_like(accuracy, np.nan)
    for (key, knobs), values in cells.items():
        accuracy[row[key], column[knobs]], latency_ms[row[key], column[knobs]] = values

    split = split_of_images(key.image_id for key in keys)
    for wanted in (TRAIN, VALIDATION):
        if not (split == wanted).any():
            raise UserError(
                f"profile {results_dir}: none of its {len({key.image_id for key in keys})} images falls into the "
                f"{SPLIT_NAMES[wanted]} split (by hash of image_id: 60 % train, 20 % validation, 20 % test); "
                "measure more images"
            )
    return Profile(results_dir, grid, keys, tuple(questions[key] for key in keys), accuracy, latency_ms, split)


def _grid(cells: dict[tuple[SampleKey, tuple[str | int, ...]], tuple[float, float]]) -> KnobGrid:
    values = tuple(
        tuple(sorted({knobs[place] for _, knobs in cells}, key=lambda value: _knob_order(value, cells)))
        for place in range(len(KNOB_NAMES))
    )
    return KnobGrid(KNOB_NAMES, values)


def _knob_order(
    value: str | int, cells: dict[tuple[SampleKey, tuple[str | int, ...]], tuple[float, float]]
) -> tuple[int, float]:
    if isinstance(value, int):
        return 0, value
    if value in TIERS:
        return 0, TIERS.index(value)
    return 1, float(np.median([latency_ms for (_, knobs), (_, latency_ms) in cells.items() if knobs[0] == value]))


def _natural(key: SampleKey) -> tuple[tuple[bool, int, str], ...]:
    """Numbers in the order of numbers, the rest in the order of text."""
    return tuple(
        (not text.isdecimal(), int(text) if text.isdecimal() else 0, text)
        for text in (key.dataset, key.image_id, key.question_id)
    )
