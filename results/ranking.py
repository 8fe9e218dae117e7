"""The one rule by which trials are ranked: a trial's score is its objective at its best epoch."""

import math
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


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


def sign(mode: str) -> float:
    """1 where more is better, -1 where less is."""
    return {"max": 1.0, "min": -1.0}[mode]
