"""Where a trial stands: the run at the newest checkpoint that its folder holds whole."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from trainable.contract import CHECKPOINTED, checkpoints
from trainable.ranking import Row
from trainable.runs.protocol import DamagedCheckpoint, Run
from trainable.runs.seal import require_whole

AnyRun = TypeVar("AnyRun", bound=Run)


def resumed_run(folder: Path, rows: Sequence[Row], start: Callable[[], AnyRun]) -> tuple[AnyRun, int, str | None]:
    """A run at the newest whole checkpoint in `folder`, or at its start when there is none.

    Args:
        rows: of its epochs. A checkpoint beyond them is not used: its epochs are run again and recorded.
        start: makes a run at epoch 0.

    Returns:
        The run, the epoch it stands at, and a sentence when a damaged checkpoint was passed over.
    """
    run, epoch, damage = start(), 0, None
    for saved_epoch, checkpoint in reversed(checkpoints(folder).items()):
        if saved_epoch > len(rows):
            continue
        try:
            require_whole(checkpoint, is_sealed=CHECKPOINTED in rows[saved_epoch - 1])
            run.load(checkpoint)
            epoch = saved_epoch
            break
        except DamagedCheckpoint as error:
            run.close()
            run, damage = start(), damage or error
    note = f"damaged checkpoint passed over, training goes on from epoch {epoch}: {damage}" if damage else None
    return run, epoch, note
