"""A sweep as it lies on disk, found and read: its settings, its data's description and every trial's rows.

Reading changes nothing and needs no lock: a line that is being written is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from results.files.atomic_write import read_json, write_atomically, write_json
from results.files.required import Data, Proposed, Settings, require
from results.record.end import End, read_end
from results.record.moved import settings_where_it_lies
from results.record.origin import Origin
from results.record.refusals import Refusal, read_refusals
from results.record.settings_file import read_settings
from results.record.space import Space, space_from_json
from results.record.trial.kept_rows import kept_rows
from results.record.trial.record import TrialRecord, read_trial
from results.record.upgrade import DataUpToFormat3, refuse_newer, upgraded
from trainable import contract
from trainable.contract import SettingError, UserError
from trainable.ranking import Objective, Row, read_objective
from trainable.score_parts import Figure, Metric
from trainable.settings_fields import Role

OF_OBJECTIVE = "metric", "mode", "constraint"
"""The settings that say what trials are ranked by."""


@dataclass(frozen=True)
class SweepRecord:
    """What one sweep left."""

    folder: Path
    settings: dict[str, Any]
    data: dict[str, Any]
    trials: tuple[TrialRecord, ...]
    space: Space
    environment: dict[str, Any]
    proposed: int
    """How many trials there have been; one whose folder was removed since still has its number."""
    replicate_numbers: frozenset[int] = frozenset()
    """Which of them are replicates: of a search, settings that were chosen, under seeds of their own."""
    refusals: tuple[Refusal, ...] = ()
    """Proposals that became no trials."""
    end: End | None = None
    """By which cap it ended, where trials are left that it had no room for."""

    @property
    def name(self) -> str:
        """Of its folder; it may have begun under another."""
        return self.folder.name

    @property
    def origin(self) -> Origin:
        return Origin(*(self.settings[field.name] for field in fields(Origin)))

    @cached_property
    def objective(self) -> Objective:
        """What its trials are ranked by."""
        return read_objective(*(self.settings[name] for name in OF_OBJECTIVE))

    @property
    def metric(self) -> str:
        """Of its objectives the first, which a score is."""
        return self.objective.metric

    @property
    def mode(self) -> str:
        """Of the first objective."""
        return self.objective.mode

    @property
    def metrics(self) -> dict[str, Metric]:
        """Those that the kind of run declares, by their names."""
        return {content["name"]: Metric(**content) for content in self.data["metrics"]}

    def described(self, metric: str) -> Metric:
        """A metric as people are to read it, declared or not."""
        return self.metrics.get(metric) or Metric(metric)

    @property
    def trade_off(self) -> Metric | None:
        """What a better score may cost; None where the kind names nothing, or nothing else than the trials' metric."""
        found = self.metrics.get(self.data["trade_off"])
        return found if found and found.direction and found.name != self.metric else None

    @property
    def figures(self) -> list[Figure]:
        return [Figure(**content) for content in self.data["figures"]]

    @property
    def num_epochs(self) -> int:
        return int(self.settings["num_epochs"])

    @property
    def num_samples(self) -> int:
        """Trials that it is to propose; a search runs replicates besides."""
        return int(self.settings["num_samples"])

    @property
    def num_proposals(self) -> int:
        """How many of its trials were proposed, and are no replicates."""
        return self.proposed - len(self.replicate_numbers)

    def proposal_number(self, trial_number: int) -> int:
        """The how-manieth proposal the trial of that number is, or would be: replicates are none."""
        return trial_number - sum(number < trial_number for number in self.replicate_numbers)

    def is_replicate(self, trial: TrialRecord) -> bool:
        return trial.number in self.replicate_numbers

    @property
    def search_trials(self) -> tuple[TrialRecord, ...]:
        """Those that were proposed; of a confirming sweep, all."""
        return tuple(trial for trial in self.trials if not self.is_replicate(trial))

    @property
    def replicates(self) -> tuple[TrialRecord, ...]:
        return tuple(trial for trial in self.trials if self.is_replicate(trial))

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do for it; a trial that is paused may still be promoted, but need not be."""
        all_ended = self.num_proposals >= self.num_samples and not any(trial.is_open for trial in self.trials)
        return all_ended or self.end is not None

    @property
    def missing(self) -> list[int]:
        """The numbers of trials whose folders were removed."""
        there = {trial.number for trial in self.trials}
        return [number for number in range(self.proposed) if number not in there]

    @property
    def training_settings(self) -> dict[str, Any]:
        """Of its settings those that shape what is trained."""
        roles = self.data["roles"]
        return {name: value for name, value in self.settings.items() if Role.TRAINING in roles.get(name, ())}

    @property
    def first_trial(self) -> TrialRecord | None:
        """The trial with everybody's starting values."""
        return next((trial for trial in self.trials if trial.number == 0), None)

    @property
    def job_type(self) -> str:
        """'confirm' when its trials repeat another sweep's best settings under further seeds, else 'search'."""
        return "confirm" if self.settings["confirm"] else "search"

    def job_type_of(self, trial: TrialRecord) -> str:
        """'confirm' for a trial whose seed its setting was not chosen by, else 'search'."""
        return "confirm" if self.is_replicate(trial) else self.job_type

    def seed(self, trial: TrialRecord) -> int:
        """The sweep's own, which all trials of a search share, or the trial's."""
        return int(trial.config.get(contract.SEED, self.settings["seed"]))

    def score(self, trial: TrialRecord) -> float | None:
        """The first objective at the epoch that stands for the trial."""
        best = self.best_row(trial)
        return None if best is None else float(best[self.metric])

    def best_row(self, trial: TrialRecord) -> Row | None:
        """The epoch that stands for it."""
        return self.objective.best_row(trial.rows)

    def best_checkpoint(self, trial: TrialRecord) -> Path | None:
        """The checkpoint of the epoch of its score; None where it has none yet, or any more.

        In those of earlier versions, whose rows do not say which were saved, each checkpoint held the best so far.
        """
        best, there = self.best_row(trial), contract.checkpoints(trial.folder)
        saved = [row for row in trial.rows if row[contract.EPOCH] in there]
        if best and saved and contract.CHECKPOINTED not in saved[-1]:
            best = saved[-1]
        return there.get(best[contract.EPOCH]) if best else None

    def ranked(self) -> list[TrialRecord]:
        """Best score first; trials without a score last, in the order in which they were proposed."""
        return self.objective.best_first(self.trials, self.best_row)


def write_sweep_file(folder: Path, content: dict[str, Any]) -> None:
    write_atomically(folder / contract.SWEEP_FILE, yaml.safe_dump(content, sort_keys=False))


def read_sweep(folder: Path) -> SweepRecord:
    """Everything a sweep left, whatever version made it; of the rows what `kept_rows` keeps.

    Raises:
        UserError: there is no sweep in that folder, or one of a version newer than this, or a file of it lacks
            something or holds what it cannot.
    """
    sweep_file, data_file, space_file = (
        folder / name for name in (contract.SWEEP_FILE, contract.DATA_FILE, contract.SPACE_FILE)
    )
    if not sweep_file.is_file():
        raise UserError(f"no sweep at {folder}: it has no {contract.SWEEP_FILE}; give the name or folder of a sweep")
    settings, data = read_settings(sweep_file), read_json(data_file)
    refuse_newer(settings)
    require(sweep_file, settings, Settings, may_lack_some=True)
    require(data_file, data, Data, may_lack_some=True)
    require(data_file, data, DataUpToFormat3)
    settings, data, space = upgraded(settings, data, read_json(space_file))
    require(sweep_file, settings, Settings)
    require(data_file, data, Data)
    proposed, replicates = _proposed(folder, settings)
    found = (contract.trial_number(file.parent.name) for file in folder.glob(f"*/{contract.PARAMS_FILE}"))
    numbers = sorted(number for number in found if number is not None)
    objective = _objective(settings, sweep_file)
    trials = tuple(_read_trial(folder, number, objective) for number in numbers)
    _require_in_rows(objective, trials, sweep_file)
    return SweepRecord(
        folder=folder,
        settings=settings_where_it_lies(settings, folder),
        data=data,
        trials=trials,
        space=space_from_json(space_file, space),
        environment=read_json(folder / contract.ENVIRONMENT_FILE),
        proposed=max(proposed, 1 + max(numbers, default=-1)),
        replicate_numbers=replicates
        | {t.number for t in trials if not settings["confirm"] and contract.SEED in t.config},
        refusals=read_refusals(folder),
        end=read_end(folder),
    )


def read_again(record: SweepRecord, numbers: Iterable[int]) -> SweepRecord:
    """A record as it is by now, where of the trials that it holds only those of the given numbers have changed.

    New ones are read, too. A sweep of thousands of trials is so followed at the cost of those that run.

    Raises:
        UserError: as `read_sweep`.
    """
    proposed, replicates = _proposed(record.folder, record.settings)
    trials = {trial.number: trial for trial in record.trials}
    for number in {*numbers, *range(record.proposed, proposed)}:
        if (record.folder / contract.trial_folder_name(number) / contract.PARAMS_FILE).exists():
            trials[number] = _read_trial(record.folder, number, record.objective)
    return replace(
        record,
        trials=tuple(trials[number] for number in sorted(trials)),
        proposed=max(proposed, record.proposed),
        replicate_numbers=record.replicate_numbers | replicates,
        refusals=read_refusals(record.folder),
        end=read_end(record.folder),
    )


def _read_trial(folder: Path, number: int, objective: Objective) -> TrialRecord:
    trial = read_trial(folder, number)
    return replace(trial, rows=kept_rows(trial.rows, objective))


def _proposed(folder: Path, settings: dict[str, Any]) -> tuple[int, frozenset[int]]:
    """How many trials there have been, and which were replicates, as far as it was counted.

    All trials of a confirming sweep are planned when it begins; a search counts.
    """
    if settings["confirm"]:
        return int(settings["num_samples"]), frozenset()
    file = folder / contract.PROPOSED_FILE
    content = read_json(file)
    require(file, content, Proposed)
    return int(content.get("trials", 0)), frozenset(content.get("replicates", ()))


def write_proposed(folder: Path, proposed: int, replicate_numbers: Iterable[int]) -> None:
    """Count a search's trials; it is on the disk when this returns."""
    write_json(folder / contract.PROPOSED_FILE, {"trials": proposed, "replicates": sorted(replicate_numbers)})


def _objective(settings: dict[str, Any], sweep_file: Path) -> Objective:
    """Raises UserError where the record was edited."""
    try:
        return read_objective(*(settings[name] for name in OF_OBJECTIVE))
    except SettingError as error:
        raise UserError(f"{sweep_file}: {error}; correct that, or restore the file") from None


def _require_in_rows(objective: Objective, trials: Iterable[TrialRecord], sweep_file: Path) -> None:
    """Refuse metrics that the trials' rows lack: each was recorded with what ranks it.

    Raises:
        UserError: it names those that they have.
    """
    for trial in trials:
        lacking = [metric for metric in objective.needed if trial.rows and metric not in trial.rows[0]]
        if lacking:
            there = ", ".join(filter(contract.is_metric, trial.columns)) or "none"
            raise UserError(
                f"{sweep_file}: metric or constraint names {lacking[0]!r}, which {trial.folder.name} has not recorded; "
                f"correct that (it recorded {there}), or restore the file"
            )


def require_hyperparameters(folder: Path) -> None:
    """Refuse to go on where a trial's folder was emptied in part: another trial would get its number, and its training.

    Raises:
        UserError: it lacks the hyperparameters.
    """
    for trial_folder in sorted(folder.iterdir()):
        if contract.trial_number(trial_folder.name) is None or (trial_folder / contract.PARAMS_FILE).exists():
            continue
        if (trial_folder / contract.RESULT_FILE).exists() or contract.checkpoints(trial_folder):
            raise UserError(f"{trial_folder}: it has no {contract.PARAMS_FILE}; restore it, or remove the whole folder")
