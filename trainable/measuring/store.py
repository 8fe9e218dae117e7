"""What has been measured of a model, on the disk: a cell is measured once, and what was used is never lost.

    <folder>/store.json                 what it is of (store_file.py)
    <folder>/<data-set>/*.json          a file a configuration, as every profile's: a full store is a profile

Any number of processes read and append at once. Who appends has the store's lock, and of two measurements of a cell the
first one counts, for all; who reads needs no lock, and reads on from where it was. Letters: `S` samples, `C`
configurations of the grid.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from results.files.atomic_write import make_folder
from trainable.contract import UserError
from trainable.measuring.device_lock import file_lock
from trainable.measuring.record_file import Record, RecordFile
from trainable.measuring.store_file import STORE_FILE, StoreContents, read_contents, write_contents
from trainable.profiles.files import SampleKey
from trainable.profiles.identities import identity
from trainable.profiles.image_split import split_of_image

LOCK_FILE = "store.lock"


class MeasuredStore:
    """A store that lies in a folder. What it holds so far: `cells`."""

    def __init__(self, folder: Path, contents: StoreContents) -> None:
        self.folder = folder
        self.contents = contents
        self.dataset_folder = folder / contents.dataset.replace("_", "-")
        self._files = {
            index: RecordFile(self.dataset_folder / contents.file_name(index), contents.header(index))
            for index in contents.configurations
        }
        self._sample = {key: index for index, key in enumerate(contents.keys)}
        shape = (2, len(contents.keys), len(contents.grid.configurations))
        self._accuracy, self._latency_ms = np.full(shape, np.nan, dtype=np.float32)

    @classmethod
    def open(cls, folder: Path) -> "MeasuredStore":
        """The store in a folder.

        Raises:
            UserError: there is none, or it is damaged.
        """
        return cls(folder, read_contents(folder))

    @classmethod
    def create(cls, folder: Path, contents: StoreContents) -> "MeasuredStore":
        """Make a store, or open the one that is there, whatever it is of.

        Raises:
            UserError: it cannot be made there, or the one there is damaged.
        """
        make_folder(folder, f"the store {folder}")
        with file_lock(folder / LOCK_FILE):
            if not (folder / STORE_FILE).exists():
                write_contents(folder, contents)
        return cls.open(folder)

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Accuracy and latency (ms) of all that is measured by now, by whichever process; NaN elsewhere.

        Returns:
            Two views, float32 [S, C], which later calls fill further.

        Raises:
            UserError: a file of the store cannot be read, or is damaged.
        """
        for index in self._files:
            self._refresh(index)
        return _view(self._accuracy), _view(self._latency_ms)

    def append(self, configuration: int, records: Sequence[Record]) -> None:
        """Add what was measured under one configuration; where a cell has its values already, those stay.

        On the disk, and in `cells`, when this returns.

        Args:
            records: as a profile's file has them, with accuracy, T_total and the metadata's ids.

        Raises:
            UserError: they cannot be written.
        """
        make_folder(self.dataset_folder, f"the store {self.dataset_folder}")
        with file_lock(self.folder / LOCK_FILE):
            self._refresh(configuration)
            new: dict[int, Record] = {}
            for record in records:
                sample = self._sample_of(configuration, record)
                if not self._has(sample, configuration):
                    new.setdefault(sample, record)
            if new:
                self._files[configuration].append(list(new.values()))
                self._refresh(configuration)

    def pack(self) -> None:
        """Have its files take a tenth of the room. Nothing is lost where somebody appends later.

        Raises:
            UserError: they cannot be written.
        """
        with file_lock(self.folder / LOCK_FILE):
            for file in self._files.values():
                file.pack()

    def missing(self, cells: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those (sample, configuration) cells that are not measured yet, each once, in their order."""
        for configuration in {configuration for _, configuration in cells}:
            self._refresh(configuration)
        return [cell for cell in dict.fromkeys(cells) if not self._has(*cell)]

    def num_missing(self, split: int | None = None) -> int:
        """How many cells of a split, or of all samples, are not measured yet."""
        _, latency_ms = self.cells()
        of_split = [split in (None, split_of_image(key.image_id)) for key in self.contents.keys]
        return int(np.isnan(latency_ms[of_split][:, self.contents.allowed]).sum())

    def is_complete(self, split: int | None = None) -> bool:
        """Whether every sample of a split, or each sample, is measured under every configuration of the store."""
        return self.num_missing(split) == 0

    def _has(self, sample: int, configuration: int) -> bool:
        return not np.isnan(self._latency_ms[sample, configuration])

    def _refresh(self, configuration: int) -> None:
        for record in self._files[configuration].read_new():
            sample = self._sample_of(configuration, record)
            if not self._has(sample, configuration):
                self._accuracy[sample, configuration] = record["accuracy"]
                self._latency_ms[sample, configuration] = record["T_total"]

    def _sample_of(self, configuration: int, record: Record) -> int:
        try:
            ids = (identity(name, record["metadata"][name]) for name in ("image_id", "question_id"))
            sample = self._sample[SampleKey(self.contents.dataset, *ids)]
            if not (0 <= record["accuracy"] <= 1 and record["T_total"] > 0):
                raise ValueError("an accuracy or a latency that cannot be")
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{self._files[configuration].path}: a record in it is not of this store ({error}); remove its line"
            ) from None
        return sample


def _view(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
