"""What it costs that each epoch is on the disk when it counts: the record written with fsync and without, in turn.

    python benchmarks/sync_cost.py [FOLDER ...]

One epoch here is what a sweep writes of it: its row in result.json and progress.csv, and a checkpoint of two files as
large as the joint controller's. Nothing is trained in between. The folders say which disks to try; without any, the one
of temporary files.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from results.record.trial.log import TrialLog
from trainable import contract
from trainable.on_disk import sync_tree

EPOCHS, WARM_UP = 200, 20
CHECKPOINT_BYTES = (383_000, 2_500)
COLUMNS = 25


class Trial:
    """A trial's folder, epoch by epoch."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._log = folder, TrialLog(folder)

    def write_row(self) -> None:
        epoch = len(self._log.rows) + 1
        self._log.append({contract.EPOCH: epoch, **{f"Train/{n}": epoch / (n + 1) for n in range(COLUMNS)}})

    def write_checkpoint(self) -> None:
        checkpoint = self._folder / contract.checkpoint_folder_name(len(self._log.rows))
        checkpoint.mkdir()
        for number, size in enumerate(CHECKPOINT_BYTES):
            (checkpoint / f"file_{number}").write_bytes(bytes(size))
        sync_tree(checkpoint)


def milliseconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


def measure(folder: Path) -> dict[tuple[str, bool], list[float]]:
    """The ms of each epoch's row and checkpoint with fsync and without, in turn, so that all meet the same disk."""
    synced, plain = Trial(folder / "synced"), Trial(folder / "plain")
    times: dict[tuple[str, bool], list[float]] = {}
    for _ in range(WARM_UP + EPOCHS):
        for name in ("write_row", "write_checkpoint"):
            times.setdefault((name, True), []).append(milliseconds(getattr(synced, name)))
            with patch("os.fsync", lambda descriptor: None):
                times.setdefault((name, False), []).append(milliseconds(getattr(plain, name)))
    return {key: values[WARM_UP:] for key, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(tempfile.gettempdir())])
    print("| disk | written | ms with fsync | ms without | ratio | fsync adds, ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for folder in parser.parse_args().folders:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            times = measure(Path(made))
        for name in ("write_row", "write_checkpoint"):
            with_sync, without = (statistics.median(times[name, synced]) for synced in (True, False))
            print(
                f"| {folder} | {name.removeprefix('write_')} | {with_sync:.2f} | {without:.2f} | "
                f"{with_sync / without:.1f} | {with_sync - without:.2f} |"
            )


if __name__ == "__main__":
    main()
