"""What of its trials' rows a sweep's record keeps in memory: whole, those of 10,000 trials of 30 epochs were 1.3 GB.

Of every epoch it keeps what trials are ranked by and when the row came, of a trial's best epoch all. Whole rows are
read where they are needed, a trial at a time: `read_trial`.
"""

import sys
from collections.abc import Iterable, Sequence
from functools import cache

from trainable import contract
from trainable.ranking import Objective, Row

KEPT = (
    contract.EPOCH, contract.ARRIVAL, contract.SWEEP_TIME, contract.PAUSED, contract.CHECKPOINTED, "done", "timestamp",
    "time_this_iter_s", "time_total_s",
)  # fmt: skip
"""Of every row, besides what ranks it."""


def kept_rows(rows: Sequence[Row], objective: Objective) -> tuple[Row, ...]:
    """The same epochs, in less memory."""
    best = objective.best_row(rows)
    names = (*KEPT, *objective.needed)
    return tuple(_interned(row) if row is best else {name: row[name] for name in names if name in row} for row in rows)


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The names of all that rows hold, in the order in which they came; trials with the same ones share them."""
    return _shared(tuple(map(sys.intern, dict.fromkeys(name for row in rows for name in row))))


def _interned(row: Row) -> Row:
    """JSON that is read line by line has a name of its own for each column of each line."""
    return {sys.intern(name): value for name, value in row.items()}


@cache
def _shared(columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns
