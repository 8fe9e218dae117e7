"""The searcher: Optuna's TPE, whose proposals are a function of the record.

Proposal n is drawn from (seed, n) over the trials before it and lies in its trial's folder before anybody hears of it.
One that is refused costs no trial: it is recorded with its reason, and drawn again from (seed, n, attempt).
Optuna's storage in the sweep's folder is written anew from the record when a sweep goes on: it is a view, which
`optuna-dashboard` opens live.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from ray.tune.search import Searcher

from results.record.atomic_write import write_json
from results.record.failures import read_failure
from results.record.refusals import Refusal, write_refusals
from results.record.sweeps import SweepRecord, TrialRecord
from results.record.trial_log import write_params
from search_spaces.reading.searched import contains
from trainable import contract
from trainable.ranking import Row
from trainable.seeds import seed_of
from trainable.system_errors import writing

RANDOM_PROPOSALS = 6
"""Proposals before the first that TPE makes; of 16 trials, Optuna's own 10 would leave it six."""
MOST_REFUSED_IN_A_ROW = 100
"""Of the proposals for one trial; then the space, or what is fixed beside it, is to be mended."""
SECONDS_OF_DRAWING = 0.5
"""Without a proposal that stands, while trials run: Ray's loop, which waits meanwhile, then looks after them and asks
again."""
REFUSED = "refused"
"""What Optuna has the reason under."""


def gave_up(record: SweepRecord) -> bool:
    """Whether the next trial's proposals have all been refused, so often that the sweep ended.

    A sweep that goes on draws as many again.
    """
    refused = sum(refusal.number == record.proposed for refusal in record.refusals)
    return refused > 0 and refused % MOST_REFUSED_IN_A_ROW == 0


class RecordedSearch(Searcher):
    """Proposes trials: first those that the record left unfinished, then new ones."""

    def __init__(
        self,
        record: SweepRecord,
        first_hyperparameters: Mapping[str, Any],
        why_refused: Callable[[Mapping[str, Any]], str],
        say: Callable[[str], object],
    ) -> None:
        """
        Args:
            first_hyperparameters: of trial 0, which can be trained.
            why_refused: why no trial can have the hyperparameters that it is given; empty where one can.
            say: called with a sentence for each new kind of reason.
        """
        super().__init__(metric=record.metric, mode=record.mode)
        self._record, self._first = record, first_hyperparameters
        self._why_refused, self._say = why_refused, say
        self._refusals = list(record.refusals)
        self._refused_in_a_row: list[optuna.Trial] = []
        """Of the next trial. To Optuna they run until one stands, and TPE keeps away from what runs: it would propose
        beyond a border again and again where the best trials lie at it. Then they failed, which teaches it nothing."""
        self._gave_up = False
        self._unfinished = deque(trial for trial in record.trials if not trial.finished)
        self._next_number = record.proposed
        self._numbers: dict[str, int] = {}
        self._running: dict[int, _RunningTrial] = {}

        storage_file = record.folder / contract.OPTUNA_FILE
        with writing(storage_file):
            storage_file.unlink(missing_ok=True)
        self._study = optuna.create_study(
            storage=JournalStorage(_Journal(storage_file)),
            study_name=record.name,
            direction=StudyDirection.MAXIMIZE if record.mode == "max" else StudyDirection.MINIMIZE,
        )
        self._rebuild()

    def _rebuild(self) -> None:
        """Have Optuna know what the record holds: by the numbers of trials, in which it heard of them."""
        proposals: list[Refusal | TrialRecord] = [*self._record.refusals, *self._record.trials]
        for proposal in sorted(proposals, key=lambda proposal: proposal.number):
            if isinstance(proposal, Refusal):
                if proposal.number < self._next_number:
                    self._study.add_trial(self._refused(proposal))
                else:
                    self._refused_in_a_row.append(self._asked(proposal.hyperparameters, {REFUSED: proposal.reason}))
            elif proposal.finished:
                self._study.add_trial(self._ended(proposal))
            else:
                self._running[proposal.number] = self._started(proposal.config)
                for row in proposal.rows:
                    self._report(proposal.number, row)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its searcher, and this one is built from the record."""
        return {}

    def number_of(self, trial_id: str) -> int:
        """The trial's number in the sweep; Ray's id lives for one session only."""
        return self._numbers[trial_id]

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        if self._unfinished:
            # As it was recorded, also where the run's kind would refuse it by now: it was trained so far as it is.
            trial = self._unfinished.popleft()
            self._numbers[trial_id] = trial.number
            return trial.config
        number = self._next_number
        if number >= self._record.num_samples:
            return str(Searcher.FINISHED)
        if number == 0:
            config = dict(self._first)
            self._running[number] = self._started(config)
        else:
            proposed = self._standing_proposal(number)
            if proposed is None:
                return str(Searcher.FINISHED) if self._gave_up else None
            config = proposed.params
            self._running[number] = _RunningTrial(proposed)
        self._numbers[trial_id] = number
        self._next_number += 1
        write_params(self._record.folder / contract.trial_folder_name(number), config)
        write_json(self._record.folder / contract.PROPOSED_FILE, {"trials": self._next_number})
        return config

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._report(self._numbers[trial_id], result)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell Optuna what became of a trial."""
        number = self._numbers[trial_id]
        # A failure lies in the record by now; in the result its keys are "failure/kind" and the like.
        failure = read_failure(self._record.folder / contract.trial_folder_name(number))
        failed = error or not result or failure is not None
        if result and not failed:
            self._report(number, result)
        trial = self._running[number]
        state, value = self._outcome(trial.epochs, trial.best, failed)
        self._study.tell(trial.optuna_trial.number, value, state=state)
        del self._running[number]

    def _standing_proposal(self, number: int) -> optuna.Trial | None:
        """The next that is not refused; None where none was drawn in time, or the searcher gives up."""
        end, recorded = time.monotonic() + SECONDS_OF_DRAWING, len(self._refusals)
        while True:
            attempt = len(self._refused_in_a_row)
            proposed = self._drawn(number, attempt)
            reason = self._why_refused(proposed.params)
            if reason:
                self._refuse(proposed, Refusal(number, attempt, proposed.params, reason))
                self._gave_up = (attempt + 1) % MOST_REFUSED_IN_A_ROW == 0
            if not reason or self._gave_up or (self._running and time.monotonic() >= end):
                break
        if len(self._refusals) > recorded:
            write_refusals(self._record.folder, self._refusals)
        if not reason or self._gave_up:
            for refused in self._refused_in_a_row:
                self._study.tell(refused.number, state=TrialState.FAIL)
            self._refused_in_a_row = []
        return None if reason else proposed

    def _drawn(self, number: int, attempt: int) -> optuna.Trial:
        drawn_from = ("proposal", number, attempt) if attempt else ("proposal", number)
        seed = seed_of(self._record.settings["seed"], *drawn_from) % 2**32
        self._study.sampler = TPESampler(seed=seed, n_startup_trials=RANDOM_PROPOSALS, constant_liar=True)
        return self._study.ask(dict(self._record.space))

    def _refuse(self, proposed: optuna.Trial, refusal: Refusal) -> None:
        if refusal.kind not in {earlier.kind for earlier in self._refusals}:
            self._say(f"trial {refusal.number}: a proposal is refused and drawn again: {refusal.reason}")
        proposed.set_user_attr(REFUSED, refusal.reason)
        self._refusals.append(refusal)
        self._refused_in_a_row.append(proposed)

    def _report(self, number: int, row: Row) -> None:
        """Tell Optuna the best value so far, unless the epoch repeats one after a lost worker."""
        trial = self._running[number]
        if row[contract.EPOCH] > trial.epochs:
            trial.epochs = row[contract.EPOCH]
            trial.best = self._record.objective.better(trial.best, row)
            if trial.best:
                trial.optuna_trial.report(trial.best[self.metric], trial.epochs)

    def _started(self, config: Mapping[str, Any]) -> "_RunningTrial":
        """A trial whose hyperparameters are given."""
        return _RunningTrial(self._asked(config, {}))

    def _asked(self, config: Mapping[str, Any], attributes: dict[str, Any]) -> optuna.Trial:
        distributions, params, others = self._known(config)
        self._study.enqueue_trial(params, user_attrs=others | attributes)
        return self._study.ask(distributions)

    def _ended(self, trial: TrialRecord) -> FrozenTrial:
        values, best = {}, None
        for row in trial.rows:
            best = self._record.objective.better(best, row)
            if best:
                values[row[contract.EPOCH]] = float(best[self.metric])
        state, value = self._outcome(len(trial.rows), best, failed=trial.failure is not None)
        distributions, params, others = self._known(trial.config)
        return create_trial(
            state=state,
            value=value,
            params=params,
            distributions=distributions,
            intermediate_values=values,
            user_attrs=others,
        )

    def _refused(self, refusal: Refusal) -> FrozenTrial:
        distributions, params, others = self._known(refusal.hyperparameters)
        attributes = others | {REFUSED: refusal.reason}
        return create_trial(state=TrialState.FAIL, params=params, distributions=distributions, user_attrs=attributes)

    def _outcome(self, epochs: int, best: Row | None, failed: bool) -> tuple[TrialState, float | None]:
        """What Optuna is to know of an ended trial: its score, or that it was stopped early, or that it failed."""
        if failed or best is None:
            return TrialState.FAIL, None
        if epochs < self._record.num_epochs:
            return TrialState.PRUNED, None
        return TrialState.COMPLETE, float(best[self.metric])

    def _known(self, config: Mapping[str, Any]) -> tuple[dict[str, BaseDistribution], dict[str, Any], dict[str, Any]]:
        """What Optuna can learn from, and the rest: a value outside of the space, as a starting value may be."""
        space = self._record.space
        params = {name: value for name, value in config.items() if name in space and contains(space[name], value)}
        distributions = {name: space[name] for name in params}
        return distributions, params, {name: value for name, value in config.items() if name not in params}


class _Journal(JournalFileBackend):
    """Optuna's file in the sweep's folder."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with writing(file):
            super().__init__(str(file))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        with writing(self._file):
            super().append_logs(logs)


@dataclass
class _RunningTrial:
    """A trial as Optuna knows it, and what was reported of it."""

    optuna_trial: optuna.Trial
    epochs: int = 0
    best: Row | None = None
