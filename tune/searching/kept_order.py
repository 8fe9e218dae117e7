"""The order of `Objective.best_first`, kept as items come.

Of one objective, whoever comes is put in its place, which among thousands is cheap. Of several a newcomer may move all
the others, so that they are ranked anew when somebody asks.
"""

import bisect
from collections.abc import Iterator
from typing import Generic, TypeVar

from trainable.ranking import Objective, Row

Item = TypeVar("Item")


class KeptOrder(Generic[Item]):
    """Items, the best first; equals as they came."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._rows: dict[Item, Row | None] = {}
        self._order: list[tuple[tuple[float, float], int, Item]] | None = []
        """By their standing, equals as they came; None where it is to be found anew."""

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, item: Item) -> bool:
        return item in self._rows

    def __iter__(self) -> Iterator[Item]:
        """The best first."""
        if self._order is None:
            ranked = self._objective.best_first(self._rows, self._rows.get)
            self._order = [((0.0, 0.0), place, item) for place, item in enumerate(ranked)]
        return (item for _, _, item in self._order)

    def row(self, item: Item) -> Row | None:
        """What ranks it."""
        return self._rows[item]

    def add(self, item: Item, row: Row | None) -> None:
        """A new item."""
        self._rows[item] = row
        if len(self._objective.metrics) > 1:
            self._order = None
        elif self._order is not None:
            bisect.insort(self._order, (self._objective.standing(row), len(self._rows), item))
