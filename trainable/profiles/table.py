"""The profile: accuracy and latency (ms) of every sample under every configuration, as one table.

Letters: `S` samples, `C` configurations of the grid, `Q` budgets of the grid.
"""

import hashlib
import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from trainable.contract import UserError
from trainable.profiles.files import (
    KNOB_NAMES,
    Measurement,
    SampleKey,
    dataset_folders,
    profile_files,
    read_measurements,
)
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN, VALIDATION, split_of_image
from trainable.profiles.knobs import KnobGrid

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

    def images(self, split: int) -> np.ndarray:
        """The image of each sample of one split, str [S of that split]."""
        return np.array([self.keys[sample].image_id for sample in self.samples(split)])

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
        for numbers in (self.accuracy, self.latency_ms, self.budget_grid_ms):
            digest.update(np.ascontiguousarray(numbers).tobytes())
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
    files = files_of_datasets(results_dir, dataset_names)

    def measurements() -> Iterable[Measurement]:
        for place, (name, file) in enumerate(files):
            yield from read_measurements(name, file)
            if on_file:
                on_file(place + 1, len(files))

    return tabulate(results_dir, measurements())


def files_of_datasets(results_dir: Path, dataset_names: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Each file to read, with the name of its dataset.

    Raises:
        UserError: no such directory, no profile in it, or no such dataset.
    """
    folders = dataset_folders(results_dir, dataset_names)
    return [(name, file) for name, folder in folders.items() for file in profile_files(folder)]


class _Column:
    """What was measured under one configuration, by the sample's number: eight bytes a sample."""

    def __init__(self) -> None:
        self.accuracy, self.latency_ms = array("f"), array("f")

    def holds(self, sample: int) -> bool:
        return sample < len(self.latency_ms) and not math.isnan(self.latency_ms[sample])

    def put(self, sample: int, accuracy: float, latency_ms: float) -> None:
        if sample >= len(self.latency_ms):
            gap = array("f", [math.nan]) * (sample + 1 - len(self.latency_ms))
            self.accuracy.extend(gap)
            self.latency_ms.extend(gap)
        self.accuracy[sample], self.latency_ms[sample] = accuracy, latency_ms


def tabulate(results_dir: Path, measurements: Iterable[Measurement]) -> Profile:
    """Arrange measurements, in any order, as a table whose order depends on their content alone."""
    number: dict[SampleKey, int] = {}
    questions: list[str] = []
    columns: dict[tuple[str | int, ...], _Column] = {}
    for measurement in measurements:
        sample = number.setdefault(measurement.key, len(number))
        if sample == len(questions):
            questions.append(measurement.question)
        column = columns.get(measurement.knobs)
        if column is None:
            column = columns[measurement.knobs] = _Column()
        if column.holds(sample):
            raise UserError(
                f"profile {results_dir}: {measurement.key} is measured twice under "
                f"{dict(zip(KNOB_NAMES, measurement.knobs, strict=True))}; keep one file per configuration"
            )
        column.put(sample, measurement.accuracy, measurement.latency_ms)

    if not columns:
        raise UserError(f"profile {results_dir}: its files hold no sample; measure it again")
    if len(columns) == 1:
        raise UserError(
            f"profile {results_dir}: it holds one configuration only, so there is nothing to choose; "
            "measure at least two"
        )
    grid = _grid(columns)
    keys = tuple(sorted(number, key=_natural))
    row = np.empty(len(keys), dtype=np.int64)  # of the table, for each sample's number
    row[[number[key] for key in keys]] = np.arange(len(keys))
    accuracy = np.full((len(keys), grid.num_configurations), np.nan, dtype=np.float32)
    latency_ms = np.full_like(accuracy, np.nan)
    for knobs, column in columns.items():
        place = grid.index(dict(zip(KNOB_NAMES, knobs, strict=True)))
        rows = row[: len(column.latency_ms)]
        accuracy[rows, place], latency_ms[rows, place] = column.accuracy, column.latency_ms
    return profile_of_table(
        results_dir, grid, keys, tuple(questions[number[key]] for key in keys), accuracy, latency_ms
    )


def profile_of_table(
    results_dir: Path,
    grid: KnobGrid,
    keys: tuple[SampleKey, ...],
    questions: tuple[str, ...],
    accuracy: np.ndarray,
    latency_ms: np.ndarray,
) -> Profile:
    """A profile of a table, its samples split by their images.

    Raises:
        UserError: no image to train or to validate on.
    """
    split = np.array([split_of_image(key.image_id) for key in keys], dtype=np.int8)
    for wanted in (TRAIN, VALIDATION):
        if not (split == wanted).any():
            raise UserError(
                f"profile {results_dir}: none of its {len({key.image_id for key in keys})} images falls into the "
                f"{SPLIT_NAMES[wanted]} split (by hash of image_id: 60 % train, 20 % validation, 20 % test); "
                "measure more images"
            )
    return Profile(results_dir, grid, keys, questions, accuracy, latency_ms, split)


def _grid(columns: Mapping[tuple[str | int, ...], _Column]) -> KnobGrid:
    values = tuple(
        tuple(sorted({knobs[place] for knobs in columns}, key=lambda value: _knob_order(value, columns)))
        for place in range(len(KNOB_NAMES))
    )
    return KnobGrid(KNOB_NAMES, values)


def _knob_order(value: str | int, columns: Mapping[tuple[str | int, ...], _Column]) -> tuple[int, float]:
    if isinstance(value, int):
        return 0, value
    if value in TIERS:
        return 0, TIERS.index(value)
    latencies_ms = [column.latency_ms for knobs, column in columns.items() if knobs[0] == value]
    return 1, float(np.nanmedian(np.concatenate(latencies_ms)))


def _natural(key: SampleKey) -> tuple[tuple[bool, int, str], ...]:
    """Numbers in the order of numbers, the rest in the order of text."""
    return tuple(
        (not text.isdecimal(), int(text) if text.isdecimal() else 0, text)
        for text in (key.dataset, key.image_id, key.question_id)
    )
