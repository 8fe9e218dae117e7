"""Optuna's storage in the sweep's folder, live: a view, which `optuna-dashboard` opens.

It is written anew from the record when a sweep goes on. What proposes trials never reads it: to Optuna a trial that was
told is final, and a paused one may go on. Here a trial that is paused runs until the sweep ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from ray.tune.logger import LoggerCallback

from results.record.refusals import Refusal, read_refusals
from results.record.sweeps import SweepRecord
from results.record.trial.proposals import Proposal
from results.record.trial.record import TrialRecord, read_trial
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from trainable.contract import TrialStatus
from trainable.ranking import Row
from trainable.system_errors import writing
from tune.engine.ray_trials import number_of
from tune.sampling.study import directions_of

REFUSED = "refused"
"""What Optuna has the reason under."""


@dataclass
class _ShownTrial:
    """A trial as Optuna knows it, and what was reported of it."""

    shown: optuna.Trial
    epochs: int = 0
    best: Row | None = None


class OptunaStudyCallback(LoggerCallback):
    """Follows the recorder. Replicates are no proposals, and so are not shown."""

    def __init__(self, record: SweepRecord) -> None:
        self._record, self._objective = record, record.objective
        self._open: dict[int, _ShownTrial] = {}
        self._num_refusals, self._next_number = 0, record.proposed

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles the callbacks into the sweep's folder, and the record is all that a resume reads."""
        return {}

    def begin(self) -> None:
        """Write what the record holds: by the numbers of trials, in which it came."""
        file = self._record.folder / contract.OPTUNA_FILE
        with writing(file):
            file.unlink(missing_ok=True)
        storage = JournalStorage(_Journal(file))
        sampler = RandomSampler()  # of no use: all that is asked for is given
        self._study = optuna.create_study(
            storage=storage, study_name=self._record.name, directions=directions_of(self._objective), sampler=sampler
        )
        proposals: list[Refusal | TrialRecord] = [*self._record.refusals, *self._record.search_trials]
        for proposal in sorted(proposals, key=self._order):
            if isinstance(proposal, Refusal):
                self._show_refusal(proposal)
            else:
                self._show(proposal)
        self._num_refusals = len(self._record.refusals)

    def _order(self, proposal: Refusal | TrialRecord) -> int:
        if isinstance(proposal, Refusal):
            return proposal.number
        return self._record.proposal_number(proposal.number)

    def log_trial_start(self, trial: Any) -> None:
        """Show it, after those that were handed out before and have not started yet."""
        refusals = read_refusals(self._record.folder)
        for refusal in refusals[self._num_refusals :]:
            self._show_refusal(refusal)
        self._num_refusals = len(refusals)
        for number in range(self._next_number, number_of(trial) + 1):
            self._next_number = number + 1
            if contract.SEED not in (handed_out := read_trial(self._record.folder, number)).config:
                self._show(handed_out)

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        if (number := number_of(trial)) in self._open and contract.FAILURE not in result:
            self._report(self._open[number], result)

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        ended = read_trial(self._record.folder, number_of(trial))
        if ended.number in self._open and not ended.is_open and not ended.is_paused:
            self._tell(ended)

    def end(self) -> None:
        for number in list(self._open):
            if (trial := read_trial(self._record.folder, number)).is_paused:
                self._tell(trial)

    def _show(self, trial: TrialRecord) -> None:
        self._open[trial.number] = shown = _ShownTrial(self._asked(trial.config, {}, trial.proposal))
        for row in trial.rows:
            self._report(shown, row)
        if trial.finished:
            self._tell(trial)

    def _show_refusal(self, refusal: Refusal) -> None:
        shown = self._asked(refusal.hyperparameters, {REFUSED: refusal.reason})
        self._study.tell(shown.number, state=TrialState.FAIL)

    def _asked(
        self, config: Mapping[str, Any], attributes: Mapping[str, Any], proposal: Proposal | None = None
    ) -> optuna.Trial:
        if proposal and proposal.params:  # a function drew them, and what it drew may have other names
            params, distributions = proposal.params, proposal.drawn_from
        else:
            params, distributions = SearchSpace(self._record.space).known(config)
        others = {name: value for name, value in config.items() if name not in params}
        self._study.enqueue_trial(params, user_attrs={**others, **attributes})
        return self._study.ask(distributions)

    def _report(self, shown: _ShownTrial, row: Row) -> None:
        """The best value so far, unless the epoch repeats one after a lost worker; several objectives cannot be."""
        if row[contract.EPOCH] <= shown.epochs:
            return
        shown.epochs = row[contract.EPOCH]
        shown.best = self._objective.better(shown.best, row)
        if shown.best and len(self._objective.metrics) == 1:
            shown.shown.report(shown.best[self._objective.metric], shown.epochs)

    def _tell(self, trial: TrialRecord) -> None:
        one = self._open.pop(trial.number)
        status = trial.status(self._record.num_epochs)
        if trial.failure or one.best is None:
            self._study.tell(one.shown.number, state=TrialState.FAIL)
        elif status is TrialStatus.COMPLETED or len(self._objective.metrics) > 1:
            for constraint in self._objective.constraints:
                one.shown.set_constraint(constraint.written, constraint.excess(one.best))
            self._study.tell(one.shown.number, [one.best[metric] for metric in self._objective.metrics])
        else:
            self._study.tell(one.shown.number, state=TrialState.PRUNED)


class _Journal(JournalFileBackend):
    """Optuna's file in the sweep's folder."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with writing(file):
            super().__init__(str(file))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        with writing(self._file):
            super().append_logs(logs)
