"""Optuna's storage in the sweep's folder, live: a view, which `optuna-dashboard` opens.

It is written anew from the record when a sweep goes on. What proposes trials never reads it: to Optuna a trial that was
told is final, and a paused one may go on. Here a trial that is paused runs until the sweep ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial, TrialState, create_trial
from ray.tune.logger import LoggerCallback

from results.record.refusals import Refusal, read_refusals
from results.record.sweeps import SweepRecord
from results.record.trial.proposals import Proposal
from results.record.trial.record import TrialRecord, read_trial
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from trainable.contract import TrialStatus
from trainable.ranking import Row
from tune.callbacks.optuna_journal import StudyJournal
from tune.engine.ray_trials import number_of
from tune.sampling.study import directions_of

REFUSED = "refused"
"""What Optuna has the reason under."""


@dataclass
class _Shown:
    """What Optuna knows of a trial that has not ended."""

    number: int
    """In its study."""
    reports: dict[int, float]
    """Its best value so far by epoch; of several objectives none."""
    epochs: int = 0
    best: Row | None = None


class OptunaStudyCallback(LoggerCallback):
    """Follows the recorder. Replicates are no proposals, and so are not shown."""

    def __init__(self, record: SweepRecord) -> None:
        self._record, self._objective = record, record.objective
        self._open: dict[int, _Shown] = {}
        self._num_refusals, self._next_number = 0, record.proposed

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles the callbacks into the sweep's folder, and the record is all that a resume reads."""
        return {}

    def begin(self) -> None:
        """Write what the record holds: by the numbers of trials, in which it came."""
        file = self._record.folder / contract.OPTUNA_FILE
        self._journal = StudyJournal(file, self._record.name, directions_of(self._objective))
        proposals: list[Refusal | TrialRecord] = [*self._record.refusals, *self._record.search_trials]
        self._show(sorted(proposals, key=self._order))
        self._num_refusals = len(self._record.refusals)

    def _order(self, proposal: Refusal | TrialRecord) -> int:
        if isinstance(proposal, Refusal):
            return proposal.number
        return self._record.proposal_number(proposal.number)

    def log_trial_start(self, trial: Any) -> None:
        """Show it, after those that were handed out before and have not started yet."""
        refusals = read_refusals(self._record.folder)
        self._show(refusals[self._num_refusals :])
        self._num_refusals = len(refusals)
        for number in range(self._next_number, number_of(trial) + 1):
            self._next_number = number + 1
            if contract.SEED not in (handed_out := read_trial(self._record.folder, number)).config:
                self._show([handed_out])

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        if (number := number_of(trial)) in self._open and contract.FAILURE not in result:
            shown = self._open[number]
            if self._hear(shown, result) and shown.epochs in shown.reports:
                self._journal.report(shown.number, shown.epochs, shown.reports[shown.epochs])

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        ended = read_trial(self._record.folder, number_of(trial))
        if ended.number in self._open and not ended.is_open and not ended.is_paused:
            self._tell(ended)

    def end(self) -> None:
        for number in list(self._open):
            if (trial := read_trial(self._record.folder, number)).is_paused:
                self._tell(trial)

    def _show(self, proposals: Sequence[Refusal | TrialRecord]) -> None:
        """Add what was proposed, the trials with what is recorded of them."""
        heard = [_Shown(0, {}) for _ in proposals]
        frozen = []
        for one, proposal in zip(heard, proposals, strict=True):
            if isinstance(proposal, Refusal):
                attributes = {REFUSED: proposal.reason}
                frozen.append(self._frozen(TrialState.FAIL, proposal.hyperparameters, attributes))
                continue
            for row in proposal.rows:
                self._hear(one, row)
            state = self._state(proposal, one) if proposal.finished else TrialState.RUNNING
            frozen.append(self._frozen(state, proposal.config, {}, proposal.proposal, one))
        for number, one, proposal in zip(self._journal.add(frozen), heard, proposals, strict=True):
            if isinstance(proposal, TrialRecord) and not proposal.finished:
                one.number = number
                self._open[proposal.number] = one

    def _frozen(
        self,
        state: TrialState,
        config: Mapping[str, Any],
        attributes: Mapping[str, Any],
        proposal: Proposal | None = None,
        shown: _Shown | None = None,
    ) -> FrozenTrial:
        if proposal and proposal.params:  # a function drew them, and what it drew may have other names
            params, distributions = proposal.params, proposal.drawn_from
        else:
            params, distributions = SearchSpace(self._record.space).known(config)
        others = {name: value for name, value in config.items() if name not in params}
        best = shown.best if shown and state in (TrialState.COMPLETE, TrialState.PRUNED) else None
        return create_trial(
            state=state,
            values=[best[metric] for metric in self._objective.metrics] if best else None,
            params=dict(params),
            distributions=dict(distributions),
            user_attrs={**others, **attributes},
            intermediate_values=shown.reports if shown else {},
            constraints={one.written: one.excess(best) for one in self._objective.constraints} if best else None,
        )

    def _hear(self, shown: _Shown, row: Row) -> bool:
        """Take in an epoch; whether it is a new one, and repeats none after a lost worker.

        Optuna takes the best value so far; of several objectives it takes none before the end.
        """
        if row[contract.EPOCH] <= shown.epochs:
            return False
        shown.epochs = row[contract.EPOCH]
        shown.best = self._objective.better(shown.best, self._objective.ranked_by(row))
        if shown.best and len(self._objective.metrics) == 1:
            shown.reports[shown.epochs] = shown.best[self._objective.metric]
        return True

    def _state(self, trial: TrialRecord, shown: _Shown) -> TrialState:
        """Of a trial that goes on no more."""
        if trial.failure or shown.best is None:
            return TrialState.FAIL
        is_complete = trial.status(self._record.num_epochs) is TrialStatus.COMPLETED
        return TrialState.COMPLETE if is_complete or len(self._objective.metrics) > 1 else TrialState.PRUNED

    def _tell(self, trial: TrialRecord) -> None:
        shown = self._open.pop(trial.number)
        ended = self._frozen(self._state(trial, shown), {}, {}, shown=shown)
        self._journal.tell(shown.number, ended.state, ended.values, ended.system_attrs)
