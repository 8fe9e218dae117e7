"""A plan: a sweep whose every setting has been checked, new or resumed, before anything is written or started."""

import dataclasses
import datetime
import os
import shlex
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.record.atomic_write import make_folder, write_json
from results.record.folder_lock import exclusive_lock
from results.record.origin import BESIDE_SETTINGS, Origin, new_origin
from results.record.space import Space, ends, write_space
from results.record.sweeps import find_sweep, latest_sweep, read_settings, read_sweep, write_sweep_file
from results.record.trial_log import write_params
from results.record.upgrade import FORMAT
from results.trackers.wandb_wishes import settle
from search_spaces.choose import load_space
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, UserError, shown_path
from trainable.flags import as_arguments
from trainable.runs import DataDescription, find_run_kind
from trainable.settings_fields import (
    Role,
    changes,
    require_usable_paths,
    roles_by_name,
    roles_of,
    single_fields,
    to_flat,
)
from trainable.user_paths import PathTo, read_path, require_usable
from tune.planning.command_line import LATEST, Request
from tune.planning.confirm import confirming_trials
from tune.planning.provenance import provenance
from tune.planning.settings import SweepSettings, from_flat, is_space_file

MIXED_DATA = ", so old and new trials would not belong together; say where that lies or begin a new sweep"


def _with_role(role: Role, settings_type: type = SweepSettings) -> set[str]:
    """Settings, by name: of the sweep itself, or of its run."""
    return {name for name, field in single_fields(settings_type).items() if role in roles_of(field)}


@dataclass(frozen=True)
class Plan:
    """A sweep that has been checked and may run."""

    settings: SweepSettings
    origin: Origin
    space: Space
    data: Any
    description: DataDescription
    wandb_mode: str
    """'online', 'offline' or 'disabled'"""
    planned_trials: tuple[dict[str, Any], ...] = ()
    """Hyperparameters of the trials that are known before the first one runs: all of a sweep that confirms."""
    recorded_data: dict[str, Any] = field(default_factory=dict)
    """What data.json holds when the sweep goes on; what it says of the data stays so."""
    is_unnamed: bool = False
    """Whether it is called after the second in which it began, and so by another name where one was quicker."""


def plan_new(request: Request, say: Callable[[str], object] = print) -> Plan:
    """A sweep from its start.

    Args:
        say: called with a sentence before code runs that no flag names.

    Raises:
        UserError: a setting or the data is of no use, or there is a sweep of that name.
    """
    of_file = _taken_over(read_settings(request.file), but={"name"}) if request.file else {}
    if of_file.get("confirm"):
        of_file = _taken_over(of_file, but=_with_role(Role.SEARCH))
    flat = of_file | request.flags
    created = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    if flat.get("confirm"):
        plan = _plan_confirming(request, flat, created, say)
    else:
        settings = from_flat({"name": f"sweep-{created}"} | flat)
        plan = _plan(request, settings, new_origin(settings.name, created), say)
        plan = dataclasses.replace(plan, is_unnamed="name" not in flat)
    if not plan.is_unnamed and os.path.lexists(plan.settings.folder):
        raise _exists_already(plan.settings)
    return plan


def _exists_already(settings: SweepSettings) -> UserError:
    return UserError(
        f"--name {settings.name}: {settings.folder} exists already; take another name, or go on with "
        f"--resume {settings.name}"
    )


def _plan_confirming(request: Request, flat: dict[str, Any], created: str, say: Callable[[str], object]) -> Plan:
    """The search's own settings, without what only a search needs.

    Raises:
        UserError: a setting that would make the trials another training than the search's, or its data has changed.
    """
    storage = _storage(flat)
    search = read_sweep(find_sweep(str(flat["confirm"]), storage))
    only_of_a_search = _with_role(Role.SEARCH)
    of_search = _taken_over(search.settings, but=only_of_a_search)
    data = _with_role(Role.DATA, find_run_kind(of_search["run"]).settings_type)
    free = (_with_role(Role.CHANGEABLE) | _with_role(Role.CONFIRM) | data) - only_of_a_search
    for name, value in flat.items():
        if name not in free and value != of_search.get(name):
            raise UserError(
                f"--confirm {search.name}: --{name} {value} cannot be given, since it runs that sweep's settings as "
                "they are; --confirm_top and --confirm_seeds say how many trials, --num_epochs how long"
            )
    own_settings = {"name": f"{search.name}-confirmed", "scheduler": "none", "seed": search.settings["seed"] + 1}
    settings = from_flat(of_search | {"storage_path": str(storage)} | own_settings | flat)
    seeds = range(settings.seed, settings.seed + settings.confirm_seeds)
    trials = confirming_trials(search, settings.confirm_top, seeds)
    lies_beside = search.folder.parent == storage
    confirmed = search.name if lies_beside else str(search.folder)
    settings = dataclasses.replace(settings, confirm=confirmed, num_samples=len(trials))
    plan = _plan(request, settings, new_origin(settings.name, created), say)
    plan = dataclasses.replace(plan, planned_trials=tuple(trials))
    plan.description.require_same(search.data, f"--confirm {search.name}", MIXED_DATA)
    return plan


def _taken_over(content: dict[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
    """The settings in what sweep.yaml, or another YAML file, holds."""
    return {name: value for name, value in content.items() if name not in (*BESIDE_SETTINGS, *but)}


def _plan(request: Request, settings: SweepSettings, origin: Origin, say: Callable[[str], object]) -> Plan:
    require_usable_paths(settings)
    kind = settings.run_kind
    is_taken_over = "search_space" not in request.flags and settings.search_space != kind.search_space
    if is_taken_over and is_space_file(settings.search_space):
        say(f"Runs the search space's file, as it was recorded: {settings.search_space}")
    space = load_space(settings.search_space)
    _check_space(settings, space)
    wandb = settle(
        settings.wandb_mode,
        settings.wandb_project,
        settings.wandb_entity,
        sends_models=settings.upload_checkpoints != "none",
    )
    settings = dataclasses.replace(settings, wandb_project=wandb.project, wandb_entity=wandb.entity)
    data = kind.prepare(settings.run_settings)
    return Plan(settings, origin, space, data, kind.describe(settings.run_settings, data), wandb.mode)


def _check_space(settings: SweepSettings, space: Space) -> None:
    """Both ends of every dimension must be values that a trial can have.

    Raises:
        UserError: a name that is no hyperparameter of the run, or a bound out of its range.
    """
    known = [f.name for f in dataclasses.fields(settings.run_settings)]
    for name, distribution in space.items():
        if name not in known:
            raise UserError(
                f"--search_space {settings.search_space}: {name!r} is no hyperparameter of {settings.run}; "
                f"it can be {', '.join(known)}"
            )
        for value in ends(distribution):
            try:
                dataclasses.replace(settings.run_settings, **{name: value})
            except UserError as error:
                raise UserError(f"--search_space {settings.search_space}: {error}; narrow its range") from None


def begin(plan: Plan) -> Plan:
    """Make the sweep's folder and write what it is; the plan with the name that it got.

    Raises:
        UserError: it cannot be written, or not be locked as it will have to be, and nothing is left of it; or another
            sweep has made the folder meanwhile.
    """
    plan = _with_folder(plan)
    folder = plan.settings.folder
    try:
        with exclusive_lock(folder, f"sweep {folder.name}"):
            write_json(folder / contract.ENVIRONMENT_FILE, provenance())
            for number, hyperparameters in enumerate(plan.planned_trials):
                write_params(folder / contract.trial_folder_name(number), hyperparameters)
            write_settings(plan, [])  # last: from here on it can be resumed
    except UserError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return plan


def _with_folder(plan: Plan) -> Plan:
    names = [plan.settings.name, *([plan.origin.wandb_group] if plan.is_unnamed else [])]
    for settings in (dataclasses.replace(plan.settings, name=name) for name in names):
        if make_folder(settings.folder, f"--storage_path {settings.folder.parent}"):
            return dataclasses.replace(plan, settings=settings)
    raise _exists_already(plan.settings)


def write_settings(plan: Plan, changes_in_words: list[str]) -> None:
    """Write what the sweep is; the changes that a resume makes join its history."""
    settings, kind = plan.settings, plan.settings.run_kind
    train, evaluate, run_settings = kind.train_script, kind.evaluate_script, settings.run_settings
    data = {
        "objective": kind.objective,
        "run_name": kind.run_name,
        **dataclasses.asdict(plan.description),
        **{name: value for name, value in plan.recorded_data.items() if value},
        contract.TRAIN_COMMAND: ["python", train, *as_arguments(run_settings)] if train else [],
        contract.EVALUATE_COMMAND: ["python", evaluate, *as_arguments(run_settings, Role.DATA)] if evaluate else [],
        "roles": roles_by_name(settings),
    }
    write_json(settings.folder / contract.DATA_FILE, data)
    write_space(settings.folder, plan.space)
    file = settings.folder / contract.SWEEP_FILE
    history = read_settings(file).get("history", []) if file.exists() else []
    if changes_in_words:
        history.append({"when": f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}", "changes": changes_in_words})
    content = {**to_flat(settings), "format": FORMAT, **dataclasses.asdict(plan.origin)}
    if history:
        content["history"] = history
    write_sweep_file(settings.folder, content)


def _storage(flat: dict[str, Any]) -> Path:
    """Where sweeps lie.

    Raises:
        UserError: that is no folder, and none that can be made.
    """
    flag = "--storage_path"
    storage = read_path(str(flat.get("storage_path", DEFAULT_STORAGE)), flag)
    require_usable(storage, PathTo.NEW_FOLDER, flag)
    return storage


def folder_to_resume(request: Request) -> Path:
    storage = _storage(request.flags)
    return latest_sweep(storage) if request.resume == LATEST else find_sweep(str(request.resume), storage)


def plan_resumed(request: Request, folder: Path, say: Callable[[str], object] = print) -> tuple[Plan, list[str]]:
    """The sweep's own settings with the changes that were asked for, and these in words.

    Args:
        say: called with a sentence before code runs that no flag names.

    Raises:
        UserError: a change that would mix trials which cannot be compared, or other data than the sweep's.
    """
    record = read_sweep(folder)
    recorded = _taken_over(record.settings) | {"name": folder.name}
    settings = from_flat(recorded | request.flags | {"storage_path": str(folder.parent)})
    changed = changes(from_flat(recorded), settings)
    for change in changed:
        if not change.allowed:
            raise UserError(
                f"--resume {folder.name}: --{change.name} {change.after} is not what its trials ran with "
                f"({change.before}), and trials of both could not be compared; begin a new sweep with "
                f"--config {shown_path(folder / contract.SWEEP_FILE)} --{change.name} {change.after}"
            )
        if change.name == "num_samples" and settings.confirm:
            raise UserError(
                f"--resume {folder.name}: it confirms settings under given seeds and takes no more trials; begin "
                f"another with --confirm {shlex.quote(settings.confirm)} --seed N --confirm_seeds M"
            )
    plan = dataclasses.replace(_plan(request, settings, record.origin, say), recorded_data=record.data)
    plan.description.require_same(record.data, f"--resume {folder.name}", MIXED_DATA)
    in_words = [f"{change.name}: {change.before} -> {change.after}" for change in changed]
    return plan, in_words + _space_changes(record.space, plan.space)


def _space_changes(recorded: Space, now: Space) -> list[str]:
    """What has changed in the search space itself, by another one or by an edit of its file.

    The earliest sweeps recorded none, so nothing is known of theirs.
    """
    absent = "not searched"
    return [
        f"search_space: {name} {recorded.get(name, absent)} -> {now.get(name, absent)}"
        for name in dict.fromkeys([*recorded, *now])
        if recorded and recorded.get(name) != now.get(name)
    ]
