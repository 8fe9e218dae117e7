"""Which of a trial's checkpoints stay: the last two, since the newest may be torn, and the best epoch's."""

from collections.abc import Iterable

LAST_CHECKPOINTS = 2


def replaced(epochs: Iterable[int], best: int | None) -> list[int]:
    """Of epochs whose checkpoints are whole those that later ones have replaced, oldest first."""
    return [epoch for epoch in sorted(epochs)[:-LAST_CHECKPOINTS] if epoch != best]
