"""Which checkpoints of a trial a store keeps, as functions of what lies there.

A checkpoint is *sealed* when its seal, which is sent last, is there: then it is whole.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trainable.contract import SEAL_FILE

LAST_CHECKPOINTS = 2
_OF_CHECKPOINT = re.compile(r"checkpoint_(\d{6,})/(.+)")


@dataclass(frozen=True)
class InStore:
    """The checkpoints of a trial that lie in a store, by their epochs, oldest first."""

    sealed: tuple[int, ...] = ()
    torn: tuple[int, ...] = ()
    """Half sent, or half deleted."""

    @property
    def newest(self) -> int:
        """0 where none is whole."""
        return max(self.sealed, default=0)

    def without(self, epochs: Collection[int]) -> "InStore":
        kept = ([epoch for epoch in one if epoch not in epochs] for one in (self.sealed, self.torn))
        return InStore(*map(tuple, kept))


def in_store(keys: Iterable[str]) -> InStore:
    """
    Args:
        keys: of objects, from the trial's folder on.
    """
    found: dict[int, bool] = {}
    for key in keys:
        if match := _OF_CHECKPOINT.fullmatch(key):
            epoch = int(match[1])
            found[epoch] = found.get(epoch, False) or match[2] == SEAL_FILE
    return InStore(
        tuple(sorted(epoch for epoch, is_sealed in found.items() if is_sealed)),
        tuple(sorted(epoch for epoch, is_sealed in found.items() if not is_sealed)),
    )


def superseded(there: InStore, num_rows: int, best: int | None, keeps_all: bool = False) -> list[int]:
    """The epochs whose checkpoints can go, oldest first.

    Of those that are whole and whose rows are in the store, too, the last two stay, and the best. So none goes before a
    newer one and its row have come. Of those that are not whole, the ones older than the newest whole one are remains.

    Args:
        num_rows: of the trial, in the store.
        best: the best epoch of those rows whose checkpoint is whole there.
        keeps_all: whether only remains go.
    """
    covered = [epoch for epoch in there.sealed if epoch <= num_rows]
    remains = [epoch for epoch in there.torn if epoch < there.newest]
    replaced = [] if keeps_all else [epoch for epoch in covered[:-LAST_CHECKPOINTS] if epoch != best]
    return sorted([*remains, *replaced])


def beyond(there: InStore, num_rows: int) -> list[int]:
    """Those that came after the last row that is recorded: their epochs are run again."""
    return [epoch for epoch in sorted((*there.sealed, *there.torn)) if epoch > num_rows]


def lacks_last(saved: Collection[int], num_rows: int, local: Collection[int], there: InStore, has_been: int) -> bool:
    """Whether the checkpoint of a trial's last row never came to be where it can be found.

    Args:
        saved: epochs that were saved, as its rows tell.
        local: epochs whose checkpoints are whole on this machine.
        has_been: the newest epoch whose checkpoint has been seen in the store: what was removed since by hand is not
            missed.
    """
    last = max(saved, default=0)
    return last == num_rows > 0 and last not in local and last not in there.sealed and has_been < last
