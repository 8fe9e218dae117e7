"""The scheduler: asynchronous successive halving over the record, with a first trial that is never stopped.

ASHA, Li et al. 2020 (arXiv 1810.05934), in the variant that stops trials and pauses none: at each rung a trial goes on
if it is among the best 1/`reduction_factor` of those that came there before it. It is judged by its best epoch so far,
since that is what a score is.

The decisions are those of Ray's AsyncHyperBandScheduler. But Ray stores a scheduler nowhere (ray issue 30838), so that
after a restart its rungs are empty, and it knows trials by ids that live for one session. Here the rungs are filled
from the record, in the order in which its rows arrived, and trials are known by their numbers.
"""

import math
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from results.record.sweeps import TrialRecord
from trainable import contract
from trainable.ranking import Objective, Row
from tune.engine.ray_trials import number_of

STARTING_VALUES = 0
"""Number of the trial by which the others are measured."""


def rung_epochs(num_epochs: int, grace_period: int, reduction_factor: float) -> list[float]:
    """The epochs at which trials are judged: `grace_period`, and each `reduction_factor` times the one before."""
    rungs = int(math.log(num_epochs / grace_period) / math.log(reduction_factor) + 1)
    return [grace_period * reduction_factor**rung for rung in range(rungs)]


def falls_behind(value: float, earlier: Collection[float], reduction_factor: float) -> bool:
    """Whether a value is not among the best 1/`reduction_factor` of the earlier ones; more is better."""
    return len(earlier) > 0 and value < np.percentile(list(earlier), 100 * (1 - 1 / reduction_factor))


class RecordedASHA(FIFOScheduler):
    """Stops what falls behind; starts trials in the order in which they were proposed."""

    def __init__(
        self,
        objective: Objective,
        num_epochs: int,
        grace_period: int,
        reduction_factor: float,
        trials: Iterable[TrialRecord] = (),
    ) -> None:
        """Take in every recorded row, as if it came now."""
        super().__init__()
        self._objective, self._num_epochs = objective, num_epochs
        self._reduction_factor = reduction_factor
        epochs = rung_epochs(num_epochs, grace_period, reduction_factor)
        self._rungs: dict[float, dict[int, float]] = {epoch: {} for epoch in reversed(epochs)}
        """By epoch, the highest first: each trial's value when it came there."""
        self._stopped: set[int] = set()
        self._best: dict[int, Row | None] = {}
        recorded = ((row[contract.ARRIVAL], trial.number, row) for trial in trials for row in trial.rows)
        for _, number, row in sorted(recorded, key=lambda arrived: arrived[:2]):
            self._falls_behind(number, row)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        number = number_of(trial)
        if self._falls_behind(number, result) and number != STARTING_VALUES:
            self._stopped.add(number)
        # If its worker was lost before Ray had stopped it, the epoch comes again, and its rung has it already.
        return str(TrialScheduler.STOP if number in self._stopped else TrialScheduler.CONTINUE)

    def _falls_behind(self, number: int, row: Row) -> bool:
        """Enter a row into the highest rung that its trial has reached and is not in yet.

        A trial that has no finite value so far enters none: it falls behind whoever has one, at every epoch.
        """
        best = self._best[number] = self._objective.better(self._best.get(number), row)
        if row[contract.EPOCH] >= self._num_epochs:
            return False
        value = -self._objective.losses(best)[0] if best else -math.inf
        for epoch, values in self._rungs.items():
            if row[contract.EPOCH] >= epoch and number not in values:
                behind = falls_behind(value, values.values(), self._reduction_factor)
                if best:
                    values[number] = value
                return behind
        return False
