"""Writing one trial's rows: result.json, the truth, one flushed JSON line an epoch, and progress.csv, a view of it."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from results.record.atomic_write import write_whole
from results.record.ranking import Row
from results.record.sweeps import read_rows
from trainable import contract


def write_params(folder: Path, hyperparameters: Mapping[str, Any]) -> None:
    """Make a trial known: its folder with its hyperparameters."""
    folder.mkdir(exist_ok=True)
    write_whole(folder / contract.PARAMS_FILE, json.dumps(hyperparameters, indent=2) + "\n")


class TrialLog:
    """The rows of one trial, on disk and in memory.

    Opening it drops whatever a crash left behind the last whole row, and rows beyond `keep_epochs`.
    """

    def __init__(self, folder: Path, keep_epochs: int | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self._result_file, self._progress_file = folder / contract.RESULT_FILE, folder / contract.PROGRESS_FILE
        self.rows: list[Row] = read_rows(self._result_file)[:keep_epochs]
        write_whole(self._result_file, "".join(json.dumps(row) + "\n" for row in self.rows))
        self._rewrite_progress()

    def append(self, row: Row) -> None:
        """Add the next epoch's row; it is on disk when this returns."""
        with self._result_file.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.rows.append(row)
        if len(self.rows) == 1:
            self._rewrite_progress()
        else:
            with self._progress_file.open("a", newline="") as file:
                self._csv_writer(file).writerow(row)

    def _rewrite_progress(self) -> None:
        with self._progress_file.open("w", newline="") as file:
            if self.rows:
                writer = self._csv_writer(file)
                writer.writeheader()
                writer.writerows(self.rows)

    def _csv_writer(self, file) -> csv.DictWriter:  # type: ignore[no-untyped-def, type-arg]
        columns = [column for column in self.rows[0] if column != "config"]
        return csv.DictWriter(file, columns, extrasaction="ignore")
