"""One trial's rows on disk: result.json, the truth, one JSON line an epoch, and progress.csv, a view of it."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results.record.atomic_write import sync, write_atomically, write_json
from trainable import contract
from trainable.ranking import Row
from trainable.system_errors import reading, writing


def write_params(folder: Path, hyperparameters: Mapping[str, Any]) -> None:
    """Make a trial known: its folder with its hyperparameters."""
    with writing(folder):
        folder.mkdir(exist_ok=True)
        sync(folder.parent)
    write_json(folder / contract.PARAMS_FILE, hyperparameters)


def read_rows(folder: Path) -> list[Row]:
    """A trial's rows that are whole and in order: epochs 1, 2, 3 ... as far as they go; empty lines are none."""
    file = folder / contract.RESULT_FILE
    rows: list[Row] = []
    with reading(file):
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    for line in filter(str.strip, text.splitlines()):
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or row.get(contract.EPOCH) != len(rows) + 1:
            break
        rows.append(row)
    return rows


def cut_rows(folder: Path, most_epochs: int) -> list[Row]:
    """Drop what a crash left behind the last whole row, and rows beyond `most_epochs`; the rows that stay."""
    rows = read_rows(folder)[:most_epochs]
    write_atomically(folder / contract.RESULT_FILE, "".join(json.dumps(row) + "\n" for row in rows))
    with writing(folder / contract.PROGRESS_FILE):
        (folder / contract.PROGRESS_FILE).unlink(missing_ok=True)
    for row in rows:
        _append_progress(folder, row, rows[0])
    return rows


class TrialLog:
    """The rows of one trial, in memory and on disk. Opening it only reads; after a crash `cut_rows` comes before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.rows = read_rows(folder)

    def append(self, row: Row) -> None:
        """Add the next epoch's row; it is on the disk when this returns."""
        file = self._folder / contract.RESULT_FILE
        with writing(file):
            with file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
            sync(file)
            if not self.rows:
                sync(self._folder)
        self.rows.append(row)
        _append_progress(self._folder, row, self.rows[0])


def _append_progress(folder: Path, row: Row, first_row: Row) -> None:
    append_csv(folder / contract.PROGRESS_FILE, row, [name for name in first_row if name != "config"])


def append_csv(file: Path, row: Row, columns: Sequence[str]) -> None:
    """Add a row to a CSV file; a new one begins with the columns' names."""
    with writing(file), file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        if not stream.tell():
            writer.writeheader()
        writer.writerow(row)
