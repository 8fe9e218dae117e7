"""ASHA that stops trials and pauses none: at each rung a trial goes on if it is among the best that came there before.

Li et al. 2020 (arXiv 1810.05934), as Ray's AsyncHyperBandScheduler has it: among the best 1/`reduction_factor` of those
that came there before it. It is judged by its representative row so far, since that is what its score is made of.
"""

from collections.abc import Collection, Iterable

import numpy as np

from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.ranking import Objective, Row
from tune.searching.promotion import STARTING_VALUES, rows_by_arrival
from tune.searching.rungs import rung_epochs


def falls_behind(value: float, earlier: Collection[float], reduction_factor: float) -> bool:
    """Whether a value is not among the best 1/`reduction_factor` of the earlier ones; more is better."""
    return len(earlier) > 0 and value < np.percentile(list(earlier), 100 * (1 - 1 / reduction_factor))


class StoppingASHA:
    """Stops what falls behind, but never the first trial, by which the others are measured."""

    def __init__(self, objective: Objective, num_epochs: int, grace_period: int, reduction_factor: float) -> None:
        self._objective, self._num_epochs, self._reduction_factor = objective, num_epochs, reduction_factor
        epochs = rung_epochs(num_epochs, grace_period, reduction_factor)
        self._rungs: dict[float, dict[int, Row]] = {epoch: {} for epoch in reversed(epochs)}
        """By epoch, the highest first: each trial's representative row when it came there."""
        self._stopped: set[int] = set()
        self._best: dict[int, Row | None] = {}

    def follow(self, trials: Iterable[TrialRecord]) -> None:
        """Take in what is recorded, as if it came now; who runs may go on once more."""
        for number, row in rows_by_arrival(trials):
            self._falls_behind(number, row)

    def stops(self, number: int, row: Row) -> bool:
        """Enter a row; whether its trial is to stop after it.

        If its worker was lost before it had been stopped, the epoch comes again, and its rung has it already.
        """
        if self._falls_behind(number, row) and number != STARTING_VALUES:
            self._stopped.add(number)
        return number in self._stopped

    def _falls_behind(self, number: int, row: Row) -> bool:
        """Enter a row into the highest rung that its trial has reached and is not in yet.

        A trial that has no row that ranks so far enters none: it falls behind whoever has one, at every epoch.
        """
        kept = self._objective.ranked_by(row)
        best = self._best[number] = self._objective.better(self._best.get(number), kept)
        if row[contract.EPOCH] >= self._num_epochs:
            return False
        for epoch, rung in self._rungs.items():
            if row[contract.EPOCH] >= epoch and number not in rung:
                behind = self._is_behind(best, list(rung.values()))
                if best:
                    rung[number] = best
                return behind
        return False

    def _is_behind(self, best: Row | None, earlier: list[Row]) -> bool:
        if best is None:
            return bool(earlier)
        if len(self._objective.metrics) == 1 and not self._objective.constraints:
            values = [-self._objective.losses(row)[0] for row in earlier]
            return falls_behind(-self._objective.losses(best)[0], values, self._reduction_factor)
        # Several numbers have an order, but no quantiles: places in that order have.
        ranked = self._objective.best_first([best, *earlier], lambda row: row)
        places = {id(row): -float(place) for place, row in enumerate(ranked)}
        return falls_behind(places[id(best)], [places[id(row)] for row in earlier], self._reduction_factor)
