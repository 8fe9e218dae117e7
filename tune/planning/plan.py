"""A plan: a sweep whose every setting has been checked before anything is written or started."""

import dataclasses
import datetime
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.mirror.reading import find_record, found_again_as
from results.record.origin import BESIDE_SETTINGS, Origin, new_origin
from results.record.space import Space
from results.record.sweeps import read_sweep
from results.record.trial.proposals import Proposal
from results.record.warm_start import NOTHING, WarmStart
from results.trackers.wandb_wishes import settle
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, SettingError
from trainable.runs import DataDescription
from trainable.runs.choosing import may_have_moved
from trainable.runs.code_faults import asked
from trainable.runs.description import checked_description
from trainable.settings_fields import (
    Role,
    names_with,
    require_usable_paths,
    to_flat,
)
from trainable.user_paths import PathTo, read_path, require_usable
from tune.planning.confirm import confirming_trials
from tune.planning.proposals import require_possible, require_trainable, why_refused
from tune.planning.run_names import require_run_names
from tune.planning.sampler_file import chosen_sampler
from tune.planning.searched_space import searched_space
from tune.planning.tried import tried_settings
from tune.planning.warm_start import earlier_sweeps, planned_warm_start
from tune.request.command_line import Request
from tune.request.provenance import source_changes, sources
from tune.request.settings import SweepSettings, find_sweepable, from_flat
from tune.sampling.proposing import Search, propose
from tune.sampling.samplers import ChosenSampler
from tune.sampling.told import ToldTrial
from tune.searching.warm import told_of

MIXED_DATA = ", so old and new trials would not belong together; say where that lies or begin a new sweep"


@dataclass(frozen=True)
class Plan:
    """A sweep that has been checked and may run."""

    settings: SweepSettings
    origin: Origin
    searched: SearchSpace
    data: Any
    """What the kind's `prepare` gave; once Ray runs, where that is in its object store."""
    description: DataDescription
    wandb_mode: str
    """'online', 'offline' or 'disabled'"""
    sampler: ChosenSampler
    tried: Sequence[dict[str, Any]] = ()
    """The user's own settings, each a whole trial's hyperparameters."""
    warm: WarmStart = NOTHING
    """What it takes of earlier sweeps."""
    params: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    """Hyperparameters to be written before any trial runs, by its number: of all trials of a sweep that confirms, and
    of recorded ones that lack what is searched from now on."""
    recorded_data: dict[str, Any] = field(default_factory=dict)
    """What data.json holds when the sweep goes on; what it says of the data stays so."""
    is_unnamed: bool = False
    """Whether it is called after the second in which it began, and so by another name where one was quicker."""

    @property
    def space(self) -> Space:
        """What is searched, by hyperparameter."""
        return self.searched.distributions

    @property
    def starting_values(self) -> dict[str, Any]:
        """The first trial's hyperparameters, by which the sweep's gain is measured."""
        return completed({}, self.space, self.settings)

    @property
    def search(self) -> Search:
        """What decides its proposals."""
        return Search(
            self.searched,
            self.settings.objective,
            self.settings.seed,
            self.starting_values,
            self.sampler,
            tried=self.tried,
            warm=self.warm.first,
            prior_trials=self.settings.prior_trials,
            earlier=told_of(self.warm),
        )

    def propose(self, number: int, told: Sequence[ToldTrial], refused: Sequence[Mapping[str, Any]]) -> Proposal | None:
        return propose(self.search, number, told, refused)

    def why_refused(self, hyperparameters: Mapping[str, Any]) -> str:
        """Why no trial can have these; empty where one can."""
        return why_refused(self.settings.run_kind, self.settings.run_settings, hyperparameters)


def plan_new(request: Request, say: Callable[[str], object] = print) -> Plan:
    """A sweep from its start.

    Args:
        say: called with a sentence before code runs that no flag names, and where a confirmed search ran other code.

    Raises:
        UserError: a setting or the data is of no use, or there is a sweep of that name.
    """
    given = request.given
    created = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    if given.get("confirm"):
        plan = _plan_confirming(given, created, say)
    else:
        settings = from_flat({"name": f"sweep-{created}"} | given)
        searched = searched_space(settings, request, say)
        require_possible_start(settings, searched.distributions)
        plan = checked_plan(settings, new_origin(settings.name, created), searched)
        plan = dataclasses.replace(plan, is_unnamed="name" not in given)
    if not plan.is_unnamed and os.path.lexists(plan.settings.folder):
        raise exists_already(plan.settings)
    return _warmly_started(plan, say)


def _warmly_started(plan: Plan, say: Callable[[str], object]) -> Plan:
    """The plan with what it takes of the sweeps that it names.

    Raises:
        SettingError: there is no such sweep, or its record cannot be read.
    """
    settings = plan.settings
    if not settings.warm_start:
        return plan
    earlier = earlier_sweeps(settings)
    warm = planned_warm_start(
        earlier, settings, plan.description, plan.searched, plan.starting_values, plan.why_refused
    )
    for sentence in warm.said:
        say(sentence)
    named = tuple(found_again_as(sweep.folder, Path(settings.storage_path)) for sweep in earlier)
    return dataclasses.replace(plan, settings=dataclasses.replace(settings, warm_start=named), warm=warm)


def require_possible_start(settings: SweepSettings, space: Space) -> None:
    """Refuse a search that cannot begin.

    Raises:
        UserError: why its first trial cannot be.
    """
    require_possible("the starting values", settings.run_kind, settings.run_settings, completed({}, space, settings))


def exists_already(settings: SweepSettings) -> SettingError:
    return SettingError(
        "name",
        f" {settings.name}: {settings.folder} exists already; take another name, or go on with "
        f"--resume {settings.name}",
    )


def _plan_confirming(given: dict[str, Any], created: str, say: Callable[[str], object]) -> Plan:
    """The search's own settings, without what only a search needs.

    Raises:
        UserError: a setting that would make the trials another training than the search's, or its data has changed.
    """
    storage = storage_of(given)
    search = read_sweep(find_record(str(given["confirm"]), storage, samples=False, kept_besides=given.get("mirror")))
    only_of_a_search = names_with(Role.SEARCH, SweepSettings)
    of_search = taken_over(search.settings, but=only_of_a_search)
    if may_have_moved(of_search["run"], given.get("run", "")):
        of_search["run"] = given["run"]
    data = names_with(Role.DATA, find_sweepable(of_search["run"]).settings_type)
    may_change = {*names_with(Role.CHANGEABLE, SweepSettings), *names_with(Role.CONFIRM, SweepSettings), *data}
    for name, value in given.items():
        if name not in may_change.difference(only_of_a_search) and value != of_search.get(name):
            raise SettingError(
                name,
                f" {value} cannot be given, since --confirm {search.name} runs that sweep's settings as they are; "
                "--confirm_top and --confirm_seeds say how many trials, --num_epochs how long",
            )
    own_settings = {
        "name": f"{search.name}-confirmed",
        "scheduler": "none",
        "replicate": 0,
        "seed": 1 + max((search.seed(trial) for trial in search.replicates), default=search.settings["seed"]),
    }
    settings = from_flat(of_search | {"storage_path": str(storage)} | own_settings | given)
    seeds = range(settings.seed, settings.seed + settings.confirm_seeds)
    recorded = confirming_trials(search, settings.confirm_top, seeds)
    confirms = [trial for trial in search.trials if {**trial.setting, contract.SEED: settings.seed} in recorded]
    require_trainable(confirms, settings.run_settings)
    trials = [completed(trial, search.space, settings) for trial in recorded]
    for trial in trials[: len(trials) // settings.confirm_seeds]:  # under the first seed
        setting = {name: value for name, value in trial.items() if name != contract.SEED}
        require_possible(f"a setting of {search.name}", settings.run_kind, settings.run_settings, setting)
    confirmed = found_again_as(search.folder, storage)
    settings = dataclasses.replace(settings, confirm=confirmed, num_samples=len(trials))
    plan = checked_plan(settings, new_origin(settings.name, created), SearchSpace(search.space))
    plan = dataclasses.replace(plan, params=dict(enumerate(trials)))
    plan.description.require_same(search.data, f"--confirm {search.name}", MIXED_DATA)
    for change in source_changes(search.environment, sources(settings.run, settings.sampler)):
        say(change)
    return plan


def taken_over(content: dict[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
    """The settings in what sweep.yaml holds."""
    return {name: value for name, value in content.items() if name not in (*BESIDE_SETTINGS, *but)}


def completed(hyperparameters: Mapping[str, Any], space: Space, settings: SweepSettings) -> dict[str, Any]:
    """A trial's hyperparameters, with what is searched and it has no value of its own for, as it is trained anyhow."""
    of_run = to_flat(settings.run_settings)
    return {**hyperparameters, **{name: of_run[name] for name in space if name not in hyperparameters}}


def checked_plan(settings: SweepSettings, origin: Origin, searched: SearchSpace) -> Plan:
    require_usable_paths(settings)
    kind = settings.run_kind
    wandb = settle(
        settings.wandb_mode,
        settings.wandb_project,
        settings.wandb_entity,
        default_project=kind.wandb_project,
        sends_models=settings.upload_checkpoints != "none",
    )
    settings = dataclasses.replace(settings, wandb_project=wandb.project, wandb_entity=wandb.entity)
    require_run_names(settings, searched.distributions)
    sampler = chosen_sampler(settings.sampler)
    if not settings.confirm and (fault := sampler.fault(searched, settings.objective)):
        raise SettingError("sampler", f" {settings.sampler} {fault}")
    tried = tried_settings(settings, searched.distributions)
    data = asked("prepare", kind.prepare, settings.run_settings)
    described = asked("describe", kind.describe, settings.run_settings, data)
    return Plan(settings, origin, searched, data, checked_description(described), wandb.mode, sampler, tried)


def storage_of(flat: dict[str, Any]) -> Path:
    """Where sweeps lie.

    Raises:
        SettingError: that is no folder, and none that can be made.
    """
    storage = read_path(str(flat.get("storage_path", DEFAULT_STORAGE)), "storage_path")
    require_usable(storage, PathTo.NEW_FOLDER, "storage_path")
    return storage
