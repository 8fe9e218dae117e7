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
    damage = None
    for epoch, checkpoint in reversed(contract.checkpoints(folder).items()):
        if epoch > recorded_epochs:
            continue
        run = start()
        try:
            run.load(checkpoint)
        except DamagedCheckpoint as error:
            run.close()
            damage = damage or error
        else:
            return run, epoch, _note(damage, epoch)
    return start(), 0, _note(damage, 0)


def _note(damage: DamagedCheckpoint | None, epoch: int) -> str | None:
    return f"damaged checkpoint passed over, training goes on from epoch {epoch}: {damage}" if damage else None
