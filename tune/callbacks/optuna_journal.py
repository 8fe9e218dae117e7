"""Optuna's journal of one study, written and never read by who writes it.

Optuna's own storage (5.0) keeps all that it has written in memory, as objects of its own, reads each line back, and
waits for the disk with every one. Of a view that is written anew whenever a sweep goes on, none of that is of use.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from trainable.system_errors import writing

_ONLY_STUDY = 0
"""Its id. Of its trials, too, the ids are their numbers."""


class StudyJournal:
    """A study of a new file; whoever opens it while it is written sees what has been added."""

    def __init__(self, file: Path, name: str, directions: Sequence[StudyDirection]) -> None:
        with writing(file):
            file.unlink(missing_ok=True)
        self._lines = _Lines(file)
        optuna.create_study(storage=JournalStorage(self._lines), study_name=name, directions=list(directions))
        self._storage = _Unread(self._lines)
        self._num_trials = 0

    def add(self, trials: Sequence[FrozenTrial]) -> range:
        """Their numbers."""
        first = self._num_trials
        with self._lines:
            for trial in trials:
                self._storage.create_new_trial(_ONLY_STUDY, trial)
        self._num_trials += len(trials)
        return range(first, self._num_trials)

    def report(self, number: int, epoch: int, value: float) -> None:
        """An epoch of a trial that runs."""
        self._storage.set_trial_intermediate_value(number, epoch, value)

    def tell(
        self, number: int, state: TrialState, values: Sequence[float] | None, attributes: Mapping[str, Any]
    ) -> None:
        """How a trial has ended.

        Args:
            attributes: of Optuna's own, as a frozen trial has them: its constraints.
        """
        with self._lines:
            for name, value in attributes.items():
                self._storage.set_trial_system_attr(number, name, value)
            self._storage.set_trial_state_values(number, state, values)


class _Unread(JournalStorage):
    """Writes what Optuna's storage writes, and reads none of it back: private to optuna 5.0, as are the ids above."""

    def __init__(self, lines: JournalFileBackend) -> None:
        super().__init__(lines)
        self._replay_result._last_created_trial_id_by_this_process = -1  # of each new trial it is asked for

    def _sync_with_backend(self) -> None:
        pass


class _Lines(JournalFileBackend):
    """Lines at the end of a file; within a `with`, all at once when it ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: list[dict[str, Any]] | None = None
        with writing(file):
            super().__init__(str(file))

    def __enter__(self) -> None:
        self._held = []

    def __exit__(self, *raised: object) -> None:
        logs, self._held = self._held or [], None
        self.append_logs(logs)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        if self._held is not None:
            self._held += logs
            return
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with writing(self._file), self._file.open("ab") as file:
            file.write(lines.encode())
