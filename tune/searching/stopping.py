"""A search that has stopped paying off: the best score grew by less than so much over the last so many trials.

`gain < 0.003 in 20 trials` ends a search as soon as the best score of all is less than 0.003 above what it was before
the last 20 trials came to their first end, be it a rung, the last epoch or a stop.

Why no interval (asked for in optuna#4292; Optuna's terminator, Makarova et al. 2022, compares a bound on the regret
with the error of a cross-validation, and will be removed in Optuna 6). A search runs each setting under one seed, so of
what the best of many scores gains, most is luck, and of that a search knows nothing: an interval over the data's units
leaves the seeds out and is too narrow, and one over seeds is what the finalists are replicated for. How many trials are
asked for decides more than the threshold does: fewer than some 20 end a search by bad luck. It is for whoever
cannot say in advance how long a search should be; who can gives --epoch_budget.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainable import contract
from trainable.contract import SettingError
from trainable.ranking import Objective, Row

if TYPE_CHECKING:  # it takes optuna with it, and the settings read what is here for --help
    from results.record.trial.record import TrialRecord

_RULE = re.compile(r"gain\s*<\s*(?P<gain>\S+)\s+in\s+(?P<trials>\d+)\s+trials")


@dataclass(frozen=True)
class StopWhen:
    """The best score gained less than `gain` over the last `trials` trials."""

    gain: float
    trials: int


def read_stop_when(text: str) -> StopWhen:
    """A rule from what a user wrote.

    Raises:
        SettingError: it is none.
    """
    found = _RULE.fullmatch(text.strip())
    try:
        gain, trials = (float(found["gain"]), int(found["trials"])) if found else (math.nan, 0)
    except ValueError:
        gain, trials = math.nan, 0
    if not (math.isfinite(gain) and gain > 0 and trials):
        raise SettingError(
            "stop_when", f" is {text!r}; it must be a gain above 0 and a number of trials: 'gain < 0.003 in 20 trials'"
        )
    return StopWhen(gain, trials)


class Gains:
    """The best score of a search as its trials come to an end."""

    def __init__(self, objective: Objective) -> None:
        """
        Args:
            objective: of one metric.
        """
        self._objective = objective
        self._best: Row | None = None
        self._ended: dict[int, Row | None] = {}
        """By a trial's number: the best row of all when it ended first."""

    def follow(self, trials: "Iterable[TrialRecord]") -> None:
        """Take in what is recorded of the search's trials, in the order in which it came."""
        rows = [(row[contract.ARRIVAL], trial, row) for trial in trials for row in trial.rows]
        for _, trial, row in sorted(rows, key=lambda arrived: arrived[0]):
            self.hear(row)
            is_last = row is trial.rows[-1] and not trial.is_open and not trial.failure
            if is_last or row.get(contract.PAUSED) == contract.RUNG:
                self.end(trial.number)

    def hear(self, row: Row) -> None:
        """An epoch of a trial has come in."""
        self._best = self._objective.better(self._best, self._objective.ranked_by(row))

    def end(self, number: int) -> None:
        """A trial has ended, or waits at a rung; it counts once. One that failed is none that tells of the search."""
        self._ended.setdefault(number, self._best)

    def is_over(self, rule: StopWhen) -> bool:
        """Whether the search ends by the rule, as it stands now."""
        if len(self._ended) <= rule.trials or self._best is None:
            return False
        before = list(self._ended.values())[-rule.trials - 1]
        return before is not None and self._gain(before, self._best) < rule.gain

    def _gain(self, before: Row, now: Row) -> float:
        """Infinite where constraints are violated by less than before: no score is worth that."""
        if self._objective.excess(now) < self._objective.excess(before):
            return math.inf
        return self._objective.losses(before)[0] - self._objective.losses(now)[0]
