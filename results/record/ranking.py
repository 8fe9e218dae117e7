"""The one rule by which trials are ranked: a trial's score is its objective at its best epoch."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

Row = dict[str, Any]

Ranked = TypeVar("Ranked")


def best_row(rows: Sequence[Row], metric: str, mode: str) -> Row | None:
    """The first row in which the metric is best; None when no row has a number there."""
    usable = [row for row in rows if not math.isnan(row.get(metric, math.nan))]
    if not usable:
        return None
    return max(usable, key=lambda row: sign(mode) * row[metric])


def score(rows: Sequence[Row], metric: str, mode: str) -> float | None:
    """The metric at the best epoch."""
    row = best_row(rows, metric, mode)
    return None if row is None else float(row[metric])


def best_first(items: Iterable[Ranked], score_of: Callable[[Ranked], float | None], mode: str) -> list[Ranked]:
    """Sorted by score; equal ones as they came, those without a score last."""

    def key(item: Ranked) -> tuple[bool, float]:
        value = score_of(item)
        return value is None, -sign(mode) * (value or 0.0)

    return sorted(items, key=key)


def sign(mode: str) -> float:
    """1 where more is better, -1 where less is."""
    return {"max": 1.0, "min": -1.0}[mode]
