"""The scheduler: Ray's ASHA, with rungs that are rebuilt from the record, and a first trial that is never stopped."""

from collections.abc import Iterable
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, TrialScheduler

from results.record.ranking import sign
from results.record.sweeps import TrialRecord
from trainable import contract


class NumberedTrial:
    """A trial as ASHA's rungs know it: by its number, which outlives Ray's session, unlike Ray's own id."""

    def __init__(self, number: int) -> None:
        self.trial_id = str(number)


class RebuiltASHA(AsyncHyperBandScheduler):
    """Asynchronous successive halving (Li et al. 2020, arXiv 1810.05934) on the best value so far.

    Ray stores a scheduler nowhere (ray issue 30838): after a restart its rungs would be empty and it would stop other
    trials. Here the rows of the record are replayed in their order of arrival.
    """

    def __init__(self, metric: str, mode: str, num_epochs: int, grace_period: int, reduction_factor: float) -> None:
        super().__init__(
            time_attr=contract.EPOCH,
            metric=metric,
            mode=mode,
            max_t=num_epochs,
            grace_period=grace_period,
            reduction_factor=reduction_factor,
        )
        self._best: dict[str, float] = {}

    def replay(self, trials: Iterable[TrialRecord]) -> None:
        """Take in every recorded row, as if it came now."""
        arrived = sorted(
            ((row[contract.ARRIVAL], trial.number, row) for trial in trials for row in trial.rows), key=lambda a: a[:2]
        )
        for _, number, row in arrived:
            self._take_in(None, NumberedTrial(number), row)

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Nothing: a trial enters with its first row, when its number is known."""

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        numbered = _numbered(trial)
        decision = self._take_in(tune_controller, numbered, result)
        return TrialScheduler.CONTINUE if numbered.trial_id == "0" else decision

    def _take_in(self, tune_controller: Any, trial: NumberedTrial, row: dict[str, Any]) -> str:
        self._trial_info[trial.trial_id] = self._brackets[0]
        return str(super().on_trial_result(tune_controller, trial, self._with_best_so_far(trial, row)))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Nothing: each of its rungs was entered with the row that reached it."""

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        """Nothing: a trial's rungs stay."""

    def _with_best_so_far(self, trial: NumberedTrial, result: dict[str, Any]) -> dict[str, Any]:
        value = result[self._metric]
        best = self._best.get(trial.trial_id)
        if best is None or sign(self._mode) * value > sign(self._mode) * best:
            self._best[trial.trial_id] = best = value
        return {**result, self._metric: best}


def _numbered(trial: Any) -> NumberedTrial:
    number = contract.trial_number(trial.storage.trial_dir_name)
    assert number is not None
    return NumberedTrial(number)
