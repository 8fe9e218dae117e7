"""The one rule by which trials are ranked: a trial's score is its objective at its best epoch.

Only finite numbers rank: an epoch whose objective is NaN, infinite or no number is as good as none, whichever
end is best.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Row = dict[str, Any]
"""One epoch of a trial: a line of its result.json."""

MODES = {"max": 1.0, "min": -1.0}

Ranked = TypeVar("Ranked")


def better(best: Row | None, row: Row, metric: str, mode: str) -> Row | None:
    """The better of a trial's best row so far and its next one; of equal ones the earlier.

    Whoever follows a trial keeps the best row instead of asking all earlier rows again at each epoch:

        self._best = better(self._best, row, metric, mode)

    None stands for no row that ranks, before the first one and as long as there is none.
    """
    value = row.get(metric)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return best
    return row if best is None or sign(mode) * value > sign(mode) * best[metric] else best


def best_row(rows: Iterable[Row], metric: str, mode: str) -> Row | None:
    """The first row in which the metric is best; None when it is finite in none."""
    best = None
    for row in rows:
        best = better(best, row, metric, mode)
    return best


def best_first(items: Iterable[Ranked], score_of: Callable[[Ranked], float | None], mode: str) -> list[Ranked]:
    """Sorted by score; equal ones as they came, those without a score last."""

    def key(item: Ranked) -> tuple[bool, float]:
        value = score_of(item)
        return value is None, -sign(mode) * (value or 0.0)

    return sorted(items, key=key)


def sign(mode: str) -> float:
    """1 where more is better, -1 where less is."""
    return MODES[mode]
