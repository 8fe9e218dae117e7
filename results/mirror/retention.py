"""Which checkpoints of a trial a store keeps, as functions of what lies there.

A checkpoint is *sealed* when its seal, which is sent last, is there: then it is whole.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from results.record.trial.kept_checkpoints import replaced
from trainable.contract import CHECKPOINTED, EPOCH, PAUSED, SEAL_FILE
from trainable.ranking import Objective, Row

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
    return sorted([*remains, *(() if keeps_all else replaced(covered, best))])


def best_epoch(objective: Objective, rows: Iterable[Row], there: InStore) -> int | None:
    """Of the rows in the store the best whose checkpoint is whole there, too."""
    best = objective.best_row(row for row in rows if row[EPOCH] in there.sealed)
    return best[EPOCH] if best else None


def beyond(there: InStore, num_rows: int) -> list[int]:
    """Those that came after the last row that is recorded: their epochs are run again."""
    return [epoch for epoch in sorted((*there.sealed, *there.torn)) if epoch > num_rows]


def has_ended(rows: Sequence[Row]) -> bool:
    """Whether a trial has, for good or for now."""
    return bool(rows) and (bool(rows[-1].get("done")) or PAUSED in rows[-1])


def wanted_epochs(objective: Objective, rows: Iterable[Row]) -> set[int]:
    """Those whose checkpoints somebody will ask for: the last that was saved, and the best."""
    saved = [row for row in rows if row.get(CHECKPOINTED)]
    best = objective.best_row(saved)
    return {row[EPOCH] for row in (*saved[-1:], best) if row}


def goes_on_after(objective: Objective, rows: Sequence[Row], found: Collection[int], has_been: Collection[int]) -> int:
    """How many of a trial's rows count when a sweep goes on: all, or those up to a checkpoint that was not lost.

    It is the newest of which the best so far was not lost either: epochs beyond are run again, and give that once more.

    Args:
        found: epochs whose checkpoints are whole, on this machine or in the store.
        has_been: of a trial that had ended, epochs whose checkpoints were in the store then: what was removed since by
            hand is not missed.
    """
    if not all(CHECKPOINTED in row for row in rows):  # of an earlier version, which did not say what was saved
        return len(rows)
    there = {*found, *has_been}
    if wanted_epochs(objective, rows) <= there and (has_ended(rows) or not rows):
        return len(rows)
    best: Row | None = None
    newest = 0
    for row in rows:
        best = objective.better(best, row)
        if row[EPOCH] in there and best and best[EPOCH] in there:
            newest = row[EPOCH]
    return newest
