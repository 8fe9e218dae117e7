"""The rows as two CSV files that open in a spreadsheet: training_history.csv and validation_history.csv.

Views of result.json: opened, they are written anew from its rows, so no epoch is ever there twice.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from results.record.ranking import Row
from trainable import contract

FILES = {"training_history.csv": ("Train/", "Perf/"), "validation_history.csv": ("Val/",)}


class HistoryFiles:
    """Both files, an epoch's line at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, list[str]] = {}
        for name in FILES:
            (folder / name).write_text("")

    def append(self, rows: Iterable[Row]) -> None:
        for row in rows:
            for name, prefixes in FILES.items():
                self._write(name, row, prefixes)

    def _write(self, name: str, row: Row, prefixes: tuple[str, ...]) -> None:
        with (self._folder / name).open("a", newline="") as file:
            if name not in self._columns:
                self._columns[name] = ["epoch", *(column for column in row if column.startswith(prefixes))]
                csv.writer(file).writerow(self._columns[name])
            writer = csv.DictWriter(file, self._columns[name], extrasaction="ignore")
            writer.writerow({"epoch": row[contract.EPOCH], **row})
