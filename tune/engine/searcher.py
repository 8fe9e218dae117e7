"""The searcher: Ray's OptunaSearch, with books that agree with the record.

Proposal n is drawn from (seed, n) over the trials before it and lies in its trial's folder before anybody hears of it.
Optuna's storage in the sweep's folder is written anew from the record when a sweep goes on: it is a view, which
`optuna-dashboard` opens live.
"""

from collections import deque
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from results.record.ranking import Row, best_row
from results.record.sweeps import SweepRecord, TrialRecord
from results.record.trial_log import write_params
from search_spaces.choose import SearchSpace
from trainable import contract
from trainable.contract import FAILURE
from trainable.seeds import seed_of

RANDOM_PROPOSALS = 6
"""Proposals before the first that TPE makes; of 16 trials, Optuna's own 10 would leave it six."""


class RecordedSearch(OptunaSearch):
    """Proposes trials, first those that the record left unfinished, then new ones."""

    def __init__(
        self,
        space: SearchSpace,
        first_hyperparameters: dict[str, Any],
        seed: int,
        num_samples: int,
        num_epochs: int,
        record: SweepRecord,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._folder, self._sweep_seed, self._num_samples = record.folder, seed, num_samples
        self._num_epochs, self._first = num_epochs, first_hyperparameters
        self._numbers: dict[str, int] = {}
        self._rows: dict[int, list[Row]] = {trial.number: list(trial.rows) for trial in record.trials}
        self._unfinished = deque(trial for trial in record.trials if not trial.finished)
        self._next_number = max((trial.number + 1 for trial in record.trials), default=0)

        storage_file = record.folder / contract.OPTUNA_FILE
        storage_file.unlink(missing_ok=True)
        super().__init__(
            space=space,
            metric=record.metric,
            mode=record.mode,
            sampler=TPESampler(),
            storage=JournalStorage(JournalFileBackend(str(storage_file))),
            study_name=record.name,
        )
        for trial in record.trials:
            self._ot_study.add_trial(self._as_optuna_trial(trial))

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its searcher with its own state, and ours is derived from the record."""
        return {}

    def number_of(self, trial_id: str) -> int:
        """The trial's number in the sweep; Ray's id lives for one session only."""
        return self._numbers[trial_id]

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        if self._unfinished:
            trial = self._unfinished.popleft()
            self._numbers[trial_id] = trial.number
            self._ot_trials[trial_id] = _live_trial(self._ot_study, trial.number)
            return trial.config
        if self._next_number >= self._num_samples:
            return str(Searcher.FINISHED)
        number = self._next_number
        self._next_number += 1
        self._numbers[trial_id] = number
        self._rows[number] = []
        if number == 0:
            self._ot_study.add_trial(self._started(self._first))
            self._ot_trials[trial_id] = _live_trial(self._ot_study, number)
            config = dict(self._first)
        else:
            self._ot_study.sampler = _sampler(self._sweep_seed, number)
            config = dict(super().suggest(trial_id))
        write_params(self._folder / contract.trial_folder_name(number), config)
        return config

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        rows = self._rows[self._numbers[trial_id]]
        if result[contract.EPOCH] > len(rows):
            rows.append(result)
            best = best_row(rows, self.metric, self.mode)
            if best is not None:
                self._ot_trials[trial_id].report(best[self.metric], result[contract.EPOCH])

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell Optuna what became of a trial: its score, or that it was stopped early, or that it failed."""
        number = self._numbers[trial_id]
        if result and FAILURE not in result:
            self.on_trial_result(trial_id, result)
        rows = self._rows[number]
        state = _state(len(rows), self._num_epochs, failed=error or not result or FAILURE in result)
        best = best_row(rows, self.metric, self.mode)
        if best is None:
            state = TrialState.FAIL
        value = best[self.metric] if best and state == TrialState.COMPLETE else None
        self._ot_study.tell(self._ot_trials[trial_id].number, value, state=state)

    def _as_optuna_trial(self, trial: TrialRecord) -> FrozenTrial:
        if not trial.finished:
            state = TrialState.RUNNING
        else:
            state = _state(len(trial.rows), self._num_epochs, failed=trial.failure is not None)
        return self._started(trial.config, list(trial.rows), state)

    def _started(
        self, config: dict[str, Any], rows: list[Row] | None = None, state: TrialState = TrialState.RUNNING
    ) -> FrozenTrial:
        bests = [best_row(rows[: place + 1], self.metric, self.mode) for place in range(len(rows))] if rows else []
        values = {place + 1: float(best[self.metric]) for place, best in enumerate(bests) if best}
        # A value outside the space (everybody's starting values may be) is one that Optuna cannot learn from.
        known = {name: value for name, value in config.items() if _contains(self._space.get(name), value)}
        return create_trial(
            state=state,
            value=values[len(rows)] if rows and state == TrialState.COMPLETE else None,
            params=known,
            distributions={name: self._space[name] for name in known},
            intermediate_values=values,
            user_attrs={name: value for name, value in config.items() if name not in known},
        )


def _state(epochs: int, num_epochs: int, failed: bool) -> TrialState:
    if failed:
        return TrialState.FAIL
    return TrialState.COMPLETE if epochs >= num_epochs else TrialState.PRUNED


def _sampler(seed: int, number: int) -> TPESampler:
    return TPESampler(
        seed=seed_of(seed, "proposal", number) % 2**32, n_startup_trials=RANDOM_PROPOSALS, constant_liar=True
    )


def _contains(distribution: BaseDistribution | None, value: Any) -> bool:
    return distribution is not None and distribution._contains(distribution.to_internal_repr(value))


def _live_trial(study: optuna.Study, number: int) -> optuna.Trial:
    """A trial of the study that can report values, by its number (optuna 5.0 hands one out only when it asks)."""
    return optuna.Trial(study, study.get_trials(deepcopy=False)[number]._trial_id)
