"""The scheduler: whether a trial goes on after an epoch, as the search's own rule says.

Ray stores a scheduler nowhere (ray issue 30838), so that after a restart its rungs are empty, and it knows trials by
ids that live for one session. The rules in `tune/searching` follow from the record, and know trials by their numbers.

A trial that pauses ends, as far as Ray is concerned: paused by Ray (2.60) it would keep its place among those that may
run at a time, and a sweep whose places are all taken by paused trials would never end. It goes on as another trial of
Ray's, in its own folder, as it does after a resume.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from trainable import contract
from tune.engine.ray_trials import number_of
from tune.engine.rounds import Round
from tune.searching.halving import StoppingASHA
from tune.searching.promotion import PromotingASHA
from tune.searching.spending import Spending

Pauses = MutableMapping[int, str]
"""Why a trial pauses after the row that has just come in (contract.RUNG, CAP or LAID_DOWN), by its number.

The scheduler, which Ray asks before it calls any callback, tells the recorder, which takes it out."""


class SearchScheduler(FIFOScheduler):
    """Starts trials in the order in which they were handed out; pauses and stops them as a rule says."""

    def __init__(
        self,
        rule: PromotingASHA | StoppingASHA | None,
        pauses: Pauses,
        is_replicate: Callable[[int], bool],
        spending: Spending,
        this_round: Round,
    ) -> None:
        """
        Args:
            rule: has followed the record; None lets every trial run to its end.
            is_replicate: whether a trial is to run all its epochs whatever comes of it.
            spending: what the sweep has taken: a trial may be paused by its caps.
            this_round: a trial is laid down when it ends.
        """
        super().__init__()
        self._rule, self._pauses, self._is_replicate = rule, pauses, is_replicate
        self._spending, self._round = spending, this_round

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        self._round.follow(tune_controller)

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        return self._round.next_to_start

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        number = number_of(trial)
        rule = None if self._is_replicate(number) else self._rule
        match rule:
            case PromotingASHA() as asha if asha.reaches_rung(number, result):
                self._pauses[number] = contract.RUNG
            case StoppingASHA() as asha if asha.stops(number, result):
                return str(TrialScheduler.STOP)
            case _ if self._spending.pauses(number, result[contract.EPOCH]):
                self._pauses[number] = contract.CAP
            case _ if self._round.is_ending:
                self._pauses[number] = contract.LAID_DOWN
        return str(TrialScheduler.STOP if number in self._pauses else TrialScheduler.CONTINUE)
