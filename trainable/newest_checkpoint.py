"""Where a run goes on: at its newest whole checkpoint that the record covers."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from trainable import contract
from trainable.runs import DamagedCheckpoint, Run

AnyRun = TypeVar("AnyRun", bound=Run)


def resumed_run(folder: Path, recorded_epochs: int, start: Callable[[], AnyRun]) -> tuple[AnyRun, int, str | None]:
    """A run at the newest whole checkpoint in `folder`, or at its start when there is none.

    Args:
        recorded_epochs: a checkpoint beyond them is not used: its epochs are run again and recorded.
        start: makes a run at epoch 0.

    Returns:
        The run, the epoch it stands at, and a sentence when a damaged checkpoint was passed over.
    """
    checkpoints = {
        epoch: entry
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if (epoch := contract.checkpoint_epoch(entry.name)) is not None and epoch <= recorded_epochs
    }
    damaged = []
    for epoch in sorted(checkpoints, reverse=True):
        run = start()
        try:
            run.load(checkpoints[epoch])
        except DamagedCheckpoint as error:
            run.close()
            damaged.append(str(error))
            continue
        return run, epoch, _note(damaged, epoch)
    return start(), 0, _note(damaged, 0)


def _note(damaged: list[str], epoch: int) -> str | None:
    if not damaged:
        return None
    return f"damaged checkpoint passed over, training goes on from epoch {epoch}: {damaged[0]}"
