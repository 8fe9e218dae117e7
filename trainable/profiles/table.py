"""The profile: accuracy and latency (ms) of every sample under every configuration, as one table.

Letters: `S` samples, `C` configurations of the grid.
"""

import hashlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from trainable.contract import UserError
from trainable.profiles.files import (
    KNOB_NAMES,
    SampleKey,
    dataset_folders,
    natural_order,
    profile_files,
    read_measurements,
)
from trainable.profiles.image_split import TRAIN
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.workload import Workload

TIERS = ("low", "medium", "high")
"""Order of the known tiers; others follow by their median latency."""


@dataclass(frozen=True)
class Profile(Workload):
    """A measured table. Where a configuration was not measured for a sample, both numbers are NaN, and it is no choice.

    Raises:
        UserError: as `Workload`.
    """

    accuracy: np.ndarray
    """[S, C], in [0, 1]"""
    latency_ms: np.ndarray
    """[S, C]"""

    @cached_property
    def measured(self) -> np.ndarray:
        """Which configurations a sample has, bool [S, C]."""
        measured: np.ndarray = ~np.isnan(self.latency_ms)
        return measured

    @property
    def allowed(self) -> np.ndarray:
        return self.measured

    @property
    def latencies_of_budgets_ms(self) -> np.ndarray:
        """Of all training samples over all configurations."""
        latencies_ms: np.ndarray = self.latency_ms[self.samples(TRAIN)]
        return latencies_ms

    @cached_property
    def fingerprint(self) -> str:
        """A name for exactly these numbers and this budget grid."""
        digest = hashlib.sha256(repr((self.grid, self.keys)).encode())
        for numbers in (self.accuracy, self.latency_ms, self.budget_grid_ms):
            digest.update(np.ascontiguousarray(numbers).tobytes())
        return digest.hexdigest()[:16]

    def describe(self) -> str:
        """What the data is, in a line."""
        text = super().describe()
        missing, possible = self._missing_pairs()
        if missing:
            text += f"; {missing:,} of {possible:,} (sample, configuration) pairs are not measured: never chosen"
        return text

    def on_grid(self, grid: KnobGrid) -> "Profile":
        """The same measurements as part of a grid that has all of this one's knob values."""
        columns = [grid.configurations.index(knobs) for knobs in self.grid.configurations]
        accuracy, latency_ms = np.full((2, len(self.keys), len(grid.configurations)), np.nan, dtype=np.float32)
        accuracy[:, columns], latency_ms[:, columns] = self.accuracy, self.latency_ms
        return replace(self, grid=grid, accuracy=accuracy, latency_ms=latency_ms)

    def _missing_pairs(self) -> tuple[int, int]:
        """How many pairs are not measured, and of how many: a dataset's samples under what any of them has."""
        of_sample, missing, possible = np.array([key.dataset for key in self.keys]), 0, 0
        for dataset in self.datasets:
            measured = self.measured[of_sample == dataset]
            pairs = len(measured) * int(measured.any(axis=0).sum())
            missing, possible = missing + pairs - int(measured.sum()), possible + pairs
        return missing, possible


def files_of_datasets(results_dir: Path, dataset_names: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Each file to read, with the name of its dataset.

    Raises:
        UserError: no such directory, no profile in it, or no such dataset.
    """
    folders = dataset_folders(results_dir, dataset_names)
    return [(name, file) for name, folder in folders.items() for file in profile_files(folder)]


def load_profile(
    results_dir: Path, dataset_names: tuple[str, ...] = (), on_file: Callable[[int, int], None] | None = None
) -> Profile:
    """Read a profile directory: a table whose order depends on what was measured, not on which file holds it.

    Args:
        results_dir: one folder per dataset, one file per configuration.
        dataset_names: datasets to read; all of them when empty.
        on_file: called with (files read, files in all), for a progress bar.

    Raises:
        UserError: missing, empty, malformed, without an image to train or validate on, or with nothing to choose.
    """
    # An entry per measurement, in the order of the files; arrays and not lists, since there may be millions.
    samples, configurations, sources = array("i"), array("i"), array("i")
    accuracies, latencies_ms = array("f"), array("f")
    index_of_key: dict[SampleKey, int] = {}
    index_of_knobs: dict[tuple[str | int | None, ...], int] = {}
    file_of_knobs: list[Path] = []
    known_by: dict[str, tuple[tuple[str, ...], Path]] = {}  # of each dataset: the ids its samples have, and where
    questions: list[str] = []
    files = files_of_datasets(results_dir, dataset_names)
    for files_read, (dataset, file) in enumerate(files, start=1):
        for measurement in read_measurements(dataset, file):
            own_ids, other = known_by.setdefault(dataset, (measurement.own_ids, file))
            if measurement.own_ids != own_ids:
                raise _known_otherwise(file, measurement.own_ids, other, own_ids)
            sample = index_of_key.setdefault(measurement.key, len(index_of_key))
            if sample == len(questions):
                questions.append(measurement.question)
            samples.append(sample)
            configuration = index_of_knobs.setdefault(measurement.knobs, len(index_of_knobs))
            if configuration == len(file_of_knobs):
                file_of_knobs.append(file)
            configurations.append(configuration)
            accuracies.append(measurement.accuracy)
            latencies_ms.append(measurement.latency_ms)
            sources.append(files_read - 1)
        if on_file:
            on_file(files_read, len(files))

    if not index_of_knobs:
        raise UserError(f"profile {results_dir}: its files hold no sample; measure it again")
    names, measured = _without_lacking(list(index_of_knobs), file_of_knobs)
    grid = _grid(names, measured, np.asarray(configurations), np.asarray(latencies_ms))
    keys = tuple(sorted(index_of_key, key=natural_order))
    rows = np.empty(len(keys), dtype=np.int64)  # of the table, for each sample in the order of the files
    rows[[index_of_key[key] for key in keys]] = np.arange(len(keys))
    columns = np.array([grid.configurations.index(knobs) for knobs in measured])
    cells = rows[samples] * len(grid.configurations) + columns[configurations]
    accuracy, latency_ms = np.full((2, len(keys), len(grid.configurations)), np.nan, dtype=np.float32)
    np.put(accuracy, cells, accuracies)
    np.put(latency_ms, cells, latencies_ms)
    if np.count_nonzero(~np.isnan(latency_ms)) < len(cells):
        raise _repeated(results_dir, grid, keys, cells, [files[source][1] for source in sources])
    return Profile(results_dir, grid, keys, tuple(questions[index_of_key[key]] for key in keys), accuracy, latency_ms)


def _without_lacking(
    measured: list[tuple[str | int | None, ...]], files: list[Path]
) -> tuple[tuple[str, ...], list[tuple[str | int, ...]]]:
    """The names of the knobs that the model has, and each configuration's values of them.

    Args:
        files: in which each configuration was met first.

    Raises:
        UserError: a knob has a value in one file and none in another.
    """
    for name, values in zip(KNOB_NAMES, zip(*measured, strict=True), strict=True):
        if None in values and set(values) != {None}:
            lacking = values.index(None)
            having = next(index for index, value in enumerate(values) if value is not None)
            raise UserError(
                f"{files[lacking]}: it has no {name}, and {files[having].name} has {values[having]}, so they are of "
                "two models; keep those of one"
            )
    names = tuple(name for name, value in zip(KNOB_NAMES, measured[0], strict=True) if value is not None)
    return names, [tuple(value for value in knobs if value is not None) for knobs in measured]


def _grid(
    names: tuple[str, ...], measured: list[tuple[str | int, ...]], configurations: np.ndarray, latencies_ms: np.ndarray
) -> KnobGrid:
    """The knobs' values in their order.

    Args:
        measured: the knobs of each configuration, in the order of the files; the tier first.
        configurations: indices into `measured`, one a measurement. latencies_ms: likewise.
    """

    def order(value: str | int) -> tuple[int, float]:
        if isinstance(value, int):
            return 0, value
        if value in TIERS:
            return 0, TIERS.index(value)
        of_tier = [index for index, knobs in enumerate(measured) if knobs[0] == value]
        return 1, float(np.median(latencies_ms[np.isin(configurations, of_tier)]))

    return KnobGrid(names, tuple(tuple(sorted(set(values), key=order)) for values in zip(*measured, strict=True)))


def _known_otherwise(file: Path, own_ids: tuple[str, ...], other: Path, others_ids: tuple[str, ...]) -> UserError:
    """Of samples of one dataset that have different ids, so that those of one image may count as several."""
    has, others_have = (" and ".join(ids) or "no id" for ids in (own_ids, others_ids))
    return UserError(
        f"{file}: a sample has {has} in its metadata, one in {other.name} has {others_have}, so they can't be told "
        "apart; give every sample both image_id and question_id"
    )


def _repeated(
    results_dir: Path, grid: KnobGrid, keys: tuple[SampleKey, ...], cells: np.ndarray, sources: list[Path]
) -> UserError:
    """Of the first measurement of a cell that was measured before.

    Args:
        cells: of the table, one a measurement. sources: its file, likewise.
    """
    _, first = np.unique(cells, return_index=True)
    again = int(np.setdiff1d(np.arange(len(cells)), first)[0])
    before = int(np.flatnonzero(cells == cells[again])[0])
    sample, configuration = divmod(int(cells[again]), len(grid.configurations))
    key, file, other = keys[sample], sources[again], sources[before]
    if not key.question_id:
        return UserError(
            f"{file}: several samples of image {key.image_id} have no question_id, so they can't be told apart; "
            "add metadata.question_id to each"
        )
    what = f"question {key.question_id} about image {key.image_id}"
    if file == other:
        return UserError(
            f"{file}: {what} is in it twice (blanks, leading zeros and a .0 make no other id); remove one of the two"
        )
    knobs = dict(zip(grid.names, grid.configurations[configuration], strict=True))
    return UserError(
        f"profile {results_dir}: {what} is measured twice under {knobs}, in {other.name} and in {file.name}; "
        "keep one file per configuration"
    )
