"""Which trial is the best by now, asked several times a second while rows come in."""

import time

from trainable.ranking import Objective, Row

MOST_OF_THE_TIME = 0.05
"""Of several objectives ranking a thousand trials takes half a second: it takes no more of the driver's time."""


class Leader:
    """Keeps of each trial the row that stands for it."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._best: dict[int, Row] = {}
        self._number: int | None = None
        self._is_stale = False
        self._rank_again_at = 0.0

    def best(self, number: int) -> Row | None:
        """What stands for a trial so far."""
        return self._best.get(number)

    def hear(self, number: int, row: Row) -> None:
        """An epoch has come in."""
        before = self._best.get(number)
        best = self._objective.better(before, self._objective.ranked_by(row))
        if best is None or best is before:
            return
        self._best[number] = best
        if len(self._objective.metrics) > 1:
            self._is_stale = True
        elif self._number is None or self._standing(number) < self._standing(self._number):
            self._number = number

    def number(self, at_once: bool = False) -> int | None:
        """The best trial's; None where none has a row that ranks.

        Args:
            at_once: whatever it takes; else, of several objectives, it may be the one of some seconds ago.
        """
        if self._is_stale and (at_once or time.monotonic() >= self._rank_again_at):
            began, self._is_stale = time.monotonic(), False
            rows = dict(self._best)  # rich draws from a thread of its own, while rows come in
            self._number = self._objective.best_first(sorted(rows), rows.__getitem__)[0]
            ended = time.monotonic()
            self._rank_again_at = ended + (ended - began) / MOST_OF_THE_TIME
        return self._number

    def _standing(self, number: int) -> tuple[tuple[float, float], int]:
        return self._objective.standing(self._best[number]), number
