"""A run's checkpoint in its training's folder: sealed, whole and on the disk, or not there."""

import shutil
from pathlib import Path

from trainable import contract
from trainable.on_disk import sync, sync_tree
from trainable.runs.protocol import Run
from trainable.runs.seal import seal
from trainable.score_parts import write_details
from trainable.system_errors import DiskError, refusal_in, writing


class NotSaved(DiskError):
    """The disk refused a checkpoint: no fault of the run's."""


def save_checkpoint(run: Run, folder: Path, epoch: int) -> None:
    """Write `checkpoint_<epoch>`; one that lies there, of the same epoch, is replaced.

    Raises:
        NotSaved: the disk refused it.
        RuntimeError: the run saved nothing.
        TypeError: its details are none.
    """
    checkpoint = folder / contract.checkpoint_folder_name(epoch)
    written = checkpoint.with_name(f".{checkpoint.name}")
    try:
        shutil.rmtree(written, ignore_errors=True)  # of a process that was killed
        written.mkdir(parents=True)
        run.save(written)
        if not any(written.iterdir()):
            raise RuntimeError("the run saved nothing")
        if details := run.details():
            write_details(written, details)
        seal(written)
        sync_tree(written)
        if checkpoint.exists():
            shutil.rmtree(checkpoint)
        written.replace(checkpoint)
        sync(folder)
    except Exception as error:
        refusal = refusal_in(error)
        if not refusal:
            raise
        try:
            with writing(checkpoint):
                raise refusal
        except DiskError as said:
            raise NotSaved(str(said)) from error
