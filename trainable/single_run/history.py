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
            (folder / name).write_text("", encoding="utf-8")

    def append(self, rows: Iterable[Row]) -> None:
        for row in rows:
            for name, prefixes in FILES.items():
                is_first = name not in self._columns
                if is_first:
                    self._columns[name] = ["epoch", *(column for column in row if column.startswith(prefixes))]
                with (self._folder / name).open("a", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, self._columns[name], extrasaction="ignore")
                    if is_first:
                        writer.writeheader()
                    writer.writerow({"epoch": row[contract.EPOCH], **row})
