"""One trial's epochs on disk: result.json, the truth, one JSON line an epoch; progress.csv, a view of it.

What the run shows of an epoch lies beside them, in samples.jsonl.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from results.files.atomic_write import write_atomically, write_json
from trainable import contract
from trainable.on_disk import sync
from trainable.ranking import Row
from trainable.system_errors import reading, writing

Sample = dict[str, str | float]
"""One of the rows of text and numbers that a run shows of an epoch."""
NO_SAMPLES: Mapping[int, Sequence[Sample]] = {}


def write_params(folder: Path, hyperparameters: Mapping[str, Any]) -> None:
    """Make a trial known: its folder with its hyperparameters."""
    with writing(folder):
        folder.mkdir(exist_ok=True)
        sync(folder.parent)
    write_json(folder / contract.PARAMS_FILE, hyperparameters)


def read_rows(folder: Path) -> list[Row]:
    """A trial's rows that are whole and in order: epochs 1, 2, 3 ... as far as they go; empty lines are none."""
    rows: list[Row] = []
    for row in _whole_lines(folder / contract.RESULT_FILE):
        if row.get(contract.EPOCH) != len(rows) + 1:
            break
        rows.append(row)
    return rows


def read_samples(folder: Path) -> dict[int, list[Sample]]:
    """What a trial's run showed, by epoch, as far as it is whole and in order; an epoch may have none."""
    samples: dict[int, list[Sample]] = {}
    for line in _whole_lines(folder / contract.SAMPLES_FILE):
        epoch = line.get(contract.EPOCH)
        if not isinstance(epoch, int) or epoch <= max(samples, default=0) or not _holds_samples(line):
            break
        samples[epoch] = line[contract.SAMPLES]
    return samples


def _holds_samples(line: dict[str, Any]) -> bool:
    samples = line.get(contract.SAMPLES)
    return isinstance(samples, list) and all(
        isinstance(sample, dict)
        and sample.keys() == samples[0].keys()
        and all(isinstance(value, (str, int, float)) for value in sample.values())
        for sample in samples
    )


def _whole_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The objects that the lines of a file hold, up to the first line that is torn; empty lines are passed over."""
    with reading(file):
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    for line in filter(str.strip, text.splitlines()):
        try:
            content = json.loads(line)
        except ValueError:
            return
        if not isinstance(content, dict):
            return
        yield content


def cut_rows(folder: Path, most_epochs: int) -> list[Row]:
    """Drop what a crash left behind the last whole row, and rows beyond `most_epochs`; the rows that stay.

    What was shown of an epoch goes with its row.
    """
    rows = read_rows(folder)[:most_epochs]
    write_atomically(folder / contract.RESULT_FILE, "".join(map(_line, rows)))
    if (folder / contract.SAMPLES_FILE).exists():
        samples = read_samples(folder)
        kept = (_samples_line(epoch, shown) for epoch, shown in samples.items() if epoch <= len(rows))
        write_atomically(folder / contract.SAMPLES_FILE, "".join(kept))
    _write_progress(folder, rows, _columns(rows))
    return rows


class TrialLog:
    """The rows of one trial, in memory and on disk. Opening it only reads; after a crash `cut_rows` comes before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.rows = read_rows(folder)
        self._columns = _columns(self.rows)
        self.newest_samples: Sequence[Sample] = ()
        """What came with the row that was appended last."""

    def append(self, row: Row, samples: Sequence[Sample] = ()) -> None:
        """Add the next epoch's row, after what is shown of it; both are on the disk when this returns."""
        if samples:
            _append_line(self._folder / contract.SAMPLES_FILE, _samples_line(row[contract.EPOCH], samples))
        _append_line(self._folder / contract.RESULT_FILE, _line(row))
        self.rows.append(row)
        self.newest_samples = samples
        columns = _columns([dict.fromkeys(self._columns), row])
        if len(columns) > len(self._columns):  # a metric that no earlier epoch had
            self._columns = columns
            _write_progress(self._folder, self.rows, columns)
        else:
            append_csv(self._folder / contract.PROGRESS_FILE, row, columns)


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content) + "\n"


def _samples_line(epoch: int, samples: Sequence[Sample]) -> str:
    return _line({contract.EPOCH: epoch, contract.SAMPLES: samples})


def _append_line(file: Path, line: str) -> None:
    """Add a line to a file; it is on the disk when this returns, and so is the name of a new file."""
    with writing(file):
        with file.open("a", encoding="utf-8") as stream:
            is_new = not stream.tell()
            stream.write(line)
        sync(file)
        if is_new:
            sync(file.parent)


def _columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Those of progress.csv, in the order in which they came."""
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name != "config"]


def _write_progress(folder: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Write progress.csv anew."""
    file = folder / contract.PROGRESS_FILE
    with writing(file):
        file.unlink(missing_ok=True)
    for row in rows:
        append_csv(file, row, columns)


def append_csv(file: Path, row: Row, columns: Sequence[str]) -> None:
    """Add a row to a CSV file; a new one begins with the columns' names."""
    with writing(file), file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        if not stream.tell():
            writer.writeheader()
        writer.writerow(row)
