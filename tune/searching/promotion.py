"""Promoting ASHA: a trial pauses at each rung, and the best of a rung go on when it is clear that they are among them.

Li et al. 2020 (arXiv 1810.05934), algorithm 2, in the variant that Syne Tune calls `promotion`: whenever a worker is
free, the best trial that waits among the best 1/`reduction_factor` of its rung is promoted, the highest rung first; if
there is none, a new trial begins. Nothing is thrown away: who waits may still be promoted when more have come.

A trial is judged by its representative row so far, since that is what its score is made of. The first trial, by which
the others are measured, is never paused, but has its place in the rungs.

Use it without Ray:

    asha = PromotingASHA(objective, num_epochs=30, grace_period=3, reduction_factor=3)
    if asha.reaches_rung(number, row):     # after each epoch
        asha.wait(number)                  # once the trial has ended for now
    number = asha.next_promotion()         # whenever there is room; None: begin a new trial
    asha.promote(number)
"""

import itertools
from collections.abc import Iterable

from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.ranking import Objective, Row
from tune.searching.kept_order import KeptOrder
from tune.searching.rungs import pausing_epochs

STARTING_VALUES = 0
"""Number of the trial by which the others are measured."""


class PromotingASHA:
    """The rungs, and who waits there: all of it follows from the rows, and from whom was promoted when."""

    def __init__(self, objective: Objective, num_epochs: int, grace_period: int, reduction_factor: float) -> None:
        self._objective, self._reduction_factor = objective, reduction_factor
        self.epochs = pausing_epochs(num_epochs, grace_period, reduction_factor)
        """Those of the rungs."""
        self._rungs: dict[int, KeptOrder[int]] = {epoch: KeptOrder(objective) for epoch in reversed(self.epochs)}
        """By epoch, the highest first: trials by their representative row when they came there."""
        self._best: dict[int, Row | None] = {}
        self._promoted_from: dict[int, int] = {}
        """The highest rung that a trial was promoted from."""
        self._waiting: dict[int, int] = {}
        """Trials that are paused, and the rung at which they wait."""

    def follow(self, trials: Iterable[TrialRecord]) -> None:
        """Take in what is recorded, as if it came now."""
        trials = list(trials)
        for trial in trials:
            for promotion in trial.promotions:
                self._promoted_from[trial.number] = promotion.epoch
        for number, row in rows_by_arrival(trials):
            self.reaches_rung(number, row)
        for trial in trials:
            if trial.is_paused:
                self.wait(trial.number)

    def reaches_rung(self, number: int, row: Row) -> bool:
        """Enter a row; whether its trial is to pause after it.

        A row that comes again, after a lost worker, changes nothing and gets the same answer.
        """
        self._best[number] = self._objective.better(self._best.get(number), self._objective.ranked_by(row))
        pauses = False
        for epoch, rung in self._rungs.items():
            if row[contract.EPOCH] >= epoch:
                if number not in rung:
                    rung.add(number, self._best[number])
                pauses |= self._promoted_from.get(number, 0) < epoch
        return pauses and number != STARTING_VALUES

    def wait(self, number: int) -> None:
        """A trial that reached a rung has been paused there."""
        there = (epoch for epoch, rung in self._rungs.items() if number in rung)
        if (epoch := next(there, None)) is not None:
            self._waiting[number] = epoch

    def next_promotion(self) -> int | None:
        """Who is to go on before a new trial begins."""
        for epoch, rung in self._rungs.items():
            for number in itertools.islice(rung, int(len(rung) / self._reduction_factor)):
                if self._waiting.get(number) == epoch and rung.row(number) is not None:
                    return number
        return None

    def promote(self, number: int) -> None:
        self._promoted_from[number] = self._waiting.pop(number)

    @property
    def waiting(self) -> list[int]:
        """Those that are paused: of the highest rung first, the best of it first."""
        return [number for epoch, rung in self._rungs.items() for number in rung if self._waiting.get(number) == epoch]


def rows_by_arrival(trials: Iterable[TrialRecord]) -> list[tuple[int, Row]]:
    """All rows with their trial's number, in the order in which they came."""
    recorded = ((row[contract.ARRIVAL], trial.number, row) for trial in trials for row in trial.rows)
    return [(number, row) for _, number, row in sorted(recorded, key=lambda arrived: arrived[:2])]
