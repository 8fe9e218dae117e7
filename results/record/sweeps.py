"""A sweep as it lies on disk: its settings, its data's description and every trial's rows.

Reading changes nothing and needs no lock: a line that is being written is left out.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from results.record.failures import Failure, read_failure
from results.record.ranking import Row, best_first, best_row, score
from results.record.space import Space, read_space
from trainable import contract
from trainable.contract import TrialStatus, UserError


@dataclass(frozen=True)
class TrialRecord:
    """What one trial left. `rows[i]` is epoch i + 1."""

    number: int
    folder: Path
    config: dict[str, Any]
    rows: tuple[Row, ...]
    failure: Failure | None

    @property
    def setting(self) -> dict[str, Any]:
        """Its hyperparameters: trials with the same ones, of a confirming sweep, differ by their seed alone."""
        return {name: value for name, value in self.config.items() if name != contract.SEED}

    @property
    def checkpoint_epochs(self) -> list[int]:
        """Epochs after which a checkpoint lies in the folder, oldest first."""
        epochs = (contract.checkpoint_epoch(entry.name) for entry in self.folder.iterdir())
        return sorted(epoch for epoch in epochs if epoch is not None)

    @property
    def decided(self) -> bool:
        """Whether its last row ends it: it ran all its epochs or was stopped early."""
        return bool(self.rows) and bool(self.rows[-1].get("done"))

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do for it.

        Its last row may be on disk and that epoch's checkpoint, which may hold its best policy, not: then the epoch
        is run again.
        """
        if self.failure:
            return True
        return self.decided and max(self.checkpoint_epochs, default=0) != len(self.rows) - 1

    def status(self, num_epochs: int) -> TrialStatus:
        if self.failure:
            return TrialStatus.DIVERGED if self.failure.kind == contract.DIVERGED else TrialStatus.FAILED
        if not self.finished:
            return TrialStatus.UNFINISHED
        return TrialStatus.COMPLETED if len(self.rows) >= num_epochs else TrialStatus.STOPPED_EARLY


@dataclass(frozen=True)
class SweepRecord:
    """What one sweep left."""

    folder: Path
    settings: dict[str, Any]
    data: dict[str, Any]
    trials: tuple[TrialRecord, ...]
    space: Space = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def metric(self) -> str:
        return str(self.settings["metric"])

    @property
    def mode(self) -> str:
        return str(self.settings["mode"])

    @property
    def num_epochs(self) -> int:
        return int(self.settings["num_epochs"])

    @property
    def num_samples(self) -> int:
        """Trials that it is to have."""
        return int(self.settings["num_samples"])

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do for it."""
        return len(self.trials) >= self.num_samples and all(trial.finished for trial in self.trials)

    @property
    def first_trial(self) -> TrialRecord | None:
        """The trial with everybody's starting values."""
        return next((trial for trial in self.trials if trial.number == 0), None)

    @property
    def job_type(self) -> str:
        """'confirm' when its trials repeat another sweep's best settings under further seeds, else 'search'."""
        return "confirm" if self.settings.get("confirm") else "search"

    def seed(self, trial: TrialRecord) -> int:
        """The sweep's own, which all trials of a search share, or the trial's."""
        return int(trial.config.get(contract.SEED, self.settings["seed"]))

    def score(self, trial: TrialRecord) -> float | None:
        return score(trial.rows, self.metric, self.mode)

    def best_row(self, trial: TrialRecord) -> Row | None:
        return best_row(trial.rows, self.metric, self.mode)

    def ranked(self) -> list[TrialRecord]:
        """Best score first; trials without a score last, in the order in which they were proposed."""
        return best_first(self.trials, self.score, self.mode)


def read_rows(file: Path) -> list[Row]:
    """The rows of a result.json that are whole and in order: epochs 1, 2, 3 ... as far as they go."""
    if not file.exists():
        return []
    rows: list[Row] = []
    for line in file.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or row.get(contract.EPOCH) != len(rows) + 1:
            break
        rows.append(row)
    return rows


def read_trial(folder: Path, number: int) -> TrialRecord:
    return TrialRecord(
        number=number,
        folder=folder,
        config=json.loads((folder / contract.PARAMS_FILE).read_text()),
        rows=tuple(read_rows(folder / contract.RESULT_FILE)),
        failure=read_failure(folder),
    )


def read_trials(folder: Path) -> tuple[TrialRecord, ...]:
    """Every trial of a sweep's folder, in the order in which they were proposed."""
    numbered = ((contract.trial_number(entry.name), entry) for entry in folder.iterdir())
    return tuple(
        read_trial(entry, number)
        for number, entry in sorted((n, e) for n, e in numbered if n is not None)
        if (entry / contract.PARAMS_FILE).exists()
    )


def read_settings(file: Path) -> dict[str, Any]:
    """A YAML file of settings.

    Raises:
        UserError: it is missing, no YAML, or no mapping of names to values.
    """
    try:
        content = yaml.safe_load(file.read_text())
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); give an existing YAML file") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file}: not readable as YAML ({' '.join(str(error).split())}); mend it") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UserError(f"{file}: expected lines such as 'num_samples: 32', one per setting")
    return content


def read_sweep(folder: Path) -> SweepRecord:
    """Everything a sweep left.

    Raises:
        UserError: there is no sweep in that folder.
    """
    if not (folder / contract.SWEEP_FILE).is_file():
        raise UserError(f"no sweep at {folder}: it has no {contract.SWEEP_FILE}; give the name or folder of a sweep")
    return SweepRecord(
        folder=folder,
        settings=read_settings(folder / contract.SWEEP_FILE),
        data=_read_json(folder / contract.DATA_FILE),
        trials=read_trials(folder),
        space=read_space(folder),
        environment=_read_json(folder / contract.ENVIRONMENT_FILE),
    )


def _read_json(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return content
