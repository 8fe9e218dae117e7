"""The folder of one training: laid out as a sweep's trial, with two CSV files and the best policy beside it.

params.json  data.json  result.json  progress.csv  checkpoint_000041/  checkpoint_000042/  events.out.tfevents.*
training_history.csv  validation_history.csv  best_joint_checkpoint.pt  wandb/
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import torch

from results.files.atomic_write import write_atomically
from results.record.trial.log import append_csv, cut_rows
from trainable import contract
from trainable.contract import UserError, shown_path
from trainable.grpo.checkpoint import BEST_FILE, CHECKPOINT_FILE, as_bytes
from trainable.grpo.run import GRPORun
from trainable.ranking import Row
from trainable.runs import saving
from trainable.system_errors import writing

CHECKPOINTS_KEPT = 2

HISTORY_FILES = {"training_history.csv": ("Train/", "Perf/"), "validation_history.csv": ("Val/",)}
"""Which metrics each holds, by their beginnings."""
_RECORD = (contract.PARAMS_FILE, contract.DATA_FILE, contract.RESULT_FILE, contract.PROGRESS_FILE)
_PATTERNS = (*_RECORD, *HISTORY_FILES, BEST_FILE, "checkpoint_*", ".checkpoint_*", "events.out.tfevents.*", ".*_epochs")
"""What a training leaves but for `wandb/`, which others leave too."""


def refuse_used(folder: Path) -> None:
    """Raises UserError when a training lies there."""
    there = sorted((entry.name for entry in _left_by_training(folder)), key=lambda name: (name.startswith("."), name))
    if there:
        raise UserError(
            f"--output_dir {shown_path(folder)}: it holds another training ({', '.join(there[:3])}); "
            "go on with it by --resume, remove it by --overwrite, or give another folder"
        )


def clear(folder: Path) -> None:
    """Remove what a training leaves, and nothing else."""
    for entry in [*_left_by_training(folder), folder / "wandb"]:
        with writing(entry):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)


def _left_by_training(folder: Path) -> list[Path]:
    return [entry for pattern in _PATTERNS for entry in folder.glob(pattern)]


def save_checkpoint(run: GRPORun, folder: Path, epoch: int) -> None:
    """Write checkpoint_<epoch>, whole and on the disk or not at all, and keep the last two."""
    saving.save_checkpoint(run, folder, epoch)
    for old in [*contract.checkpoints(folder).values()][:-CHECKPOINTS_KEPT]:
        with writing(old):
            shutil.rmtree(old)


def save_best(folder: Path, row: Row, fingerprint: str) -> None:
    """Write best_joint_checkpoint.pt from the checkpoint of the best epoch, without the optimiser's state.

    It reads with `torch.load(weights_only=True)`.
    """
    file = folder / contract.checkpoint_folder_name(row[contract.EPOCH]) / CHECKPOINT_FILE
    content = torch.load(file, map_location="cpu", weights_only=True)
    content |= {
        "metrics": {name: value for name, value in row.items() if contract.is_metric(name)},
        "fingerprint": fingerprint,
    }
    del content["optimizer"]
    write_atomically(folder / BEST_FILE, as_bytes(content))


def cut_beyond(folder: Path, epoch: int) -> None:
    """Drop the checkpoints and rows of epochs that will be run again, and what a crash left of them."""
    for of_epoch, checkpoint in contract.checkpoints(folder).items():
        if of_epoch > epoch:
            with writing(checkpoint):
                shutil.rmtree(checkpoint)
    cut_rows(folder, epoch)


class HistoryFiles:
    """The rows as two CSV files for a spreadsheet. Opened, they are written anew, so that no epoch is there twice."""

    def __init__(self, folder: Path) -> None:
        self._files = {folder / name: prefixes for name, prefixes in HISTORY_FILES.items()}
        self._first_row: Row = {}
        for file in self._files:
            with writing(file):
                file.unlink(missing_ok=True)

    def append(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._first_row = self._first_row or row
            for file, prefixes in self._files.items():
                columns = [name for name in self._first_row if name.startswith(prefixes)]
                append_csv(file, {"epoch": row[contract.EPOCH], **row}, ["epoch", *columns])
