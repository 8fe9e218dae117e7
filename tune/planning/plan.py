"""A plan: a sweep whose every setting has been checked, new or resumed, before anything is written or started."""

import dataclasses
import datetime
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from results.record.atomic_write import write_whole
from results.record.locate import find_sweep, latest_sweep
from results.record.space import ends, write_space
from results.record.sweeps import read_settings, read_sweep
from results.record.trial_log import write_params
from search_spaces.choose import SearchSpace, load_space, located
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, UserError, shown_path
from trainable.flags import as_arguments, flag_fields, with_absolute_folders
from trainable.runs import DataDescription
from tune.planning.command_line import LATEST, Request
from tune.planning.confirm import confirming_trials, settings_to_confirm
from tune.planning.provenance import provenance
from tune.planning.settings import SweepSettings, from_flat

NOT_REPEATED = ("name", "resume", "created", "history")
"""What `--config` of a sweep.yaml does not take over."""
ONLY_OF_A_SEARCH = ("num_samples", "scheduler", "grace_period", "reduction_factor")
NOT_CONFIRMED = (*NOT_REPEATED, *ONLY_OF_A_SEARCH, "seed")
"""What a confirming sweep does not take over from its search."""
FREE_WHEN_CONFIRMING = ("name", "num_epochs", "seed", "confirm", "confirm_top", "confirm_seeds")


@dataclass(frozen=True)
class Plan:
    """A sweep that has been checked and may run."""

    settings: SweepSettings
    created: str
    space: SearchSpace
    data: Any
    description: DataDescription
    planned_trials: tuple[dict[str, Any], ...] = ()
    """Hyperparameters of the trials that are known before the first one runs: all of a sweep that confirms."""


def plan_new(request: Request) -> Plan:
    of_file = {name: value for name, value in _from_file(request.file).items() if name not in NOT_REPEATED}
    if of_file.get("confirm"):
        of_file = {name: value for name, value in of_file.items() if name not in ONLY_OF_A_SEARCH}
    flat = of_file | request.flags
    now = datetime.datetime.now()
    if flat.get("confirm"):
        return _plan_confirming(flat, f"{now:%Y%m%d-%H%M%S}")
    settings = _settings({"name": f"sweep-{now:%Y%m%d-%H%M%S}"} | flat)
    return _plan(settings, f"{now:%Y%m%d-%H%M%S}")


def _plan_confirming(flat: dict[str, Any], created: str) -> Plan:
    """The search's own settings, without what only a search needs.

    Raises:
        UserError: a setting that would make the trials another training than the search's, or its data has changed.
    """
    storage = Path(flat.get("storage_path", DEFAULT_STORAGE)).absolute()
    search = read_sweep(find_sweep(str(flat["confirm"]), storage))
    of_search = {name: value for name, value in search.settings.items() if name not in NOT_CONFIRMED}
    for name, value in flat.items():
        own = flag_fields(SweepSettings).get(name)
        free = own is not None and (own.metadata["changeable"] or name in FREE_WHEN_CONFIRMING)
        if name in ONLY_OF_A_SEARCH or not (free or value == of_search.get(name)):
            raise UserError(
                f"--confirm {search.name}: --{name} {value} cannot be given, since it runs that sweep's settings as "
                "they are; --confirm_top and --confirm_seeds say how many trials, --num_epochs how long"
            )
    own_settings = {"name": f"{search.name}-confirmed", "scheduler": "none", "seed": search.settings["seed"] + 1}
    settings = _settings(of_search | {"storage_path": str(storage)} | own_settings | flat)
    trials = confirming_trials(settings_to_confirm(search, settings.confirm_top), settings.seed, settings.confirm_seeds)
    settings = dataclasses.replace(settings, confirm=str(search.folder), num_samples=len(trials))
    plan = dataclasses.replace(_plan(settings, created), planned_trials=tuple(trials))
    _refuse_changed_data(f"--confirm {search.name}", search.data, plan.description)
    return plan


def _from_file(file: Path | None) -> dict[str, Any]:
    return read_settings(file) if file else {}


def _settings(flat: dict[str, Any]) -> SweepSettings:
    """Its files and folders are found from wherever the sweep is resumed."""
    settings = from_flat(flat)
    return dataclasses.replace(
        settings,
        search_space=located(settings.search_space),
        run_settings=with_absolute_folders(settings.run_settings),
    )


def _plan(settings: SweepSettings, created: str) -> Plan:
    kind = settings.run_kind
    space = load_space(settings.search_space)
    _check_space(settings, space)
    data = kind.prepare(settings.run_settings)
    return Plan(settings, created, space, data, kind.describe(settings.run_settings, data))


def _check_space(settings: SweepSettings, space: SearchSpace) -> None:
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


def refuse_used_name(settings: SweepSettings) -> None:
    if settings.folder.exists():
        raise UserError(
            f"--name {settings.name}: {settings.folder} exists already; take another name, or go on with "
            f"--resume {settings.name}"
        )


def begin(plan: Plan) -> None:
    folder = plan.settings.folder
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(
            f"--storage_path {folder.parent}: cannot write there ({error.strerror}); give another"
        ) from None
    kind = plan.settings.run_kind
    data = {
        "objective": kind.objective,
        "run_name": kind.run_name,
        **plan.description.to_json(),
        **_commands(plan.settings),
    }
    write_whole(folder / contract.DATA_FILE, json.dumps(data, indent=2) + "\n")
    write_whole(folder / contract.ENVIRONMENT_FILE, json.dumps(provenance(), indent=2) + "\n")
    for number, hyperparameters in enumerate(plan.planned_trials):
        write_params(folder / contract.trial_folder_name(number), hyperparameters)
    write_settings(plan, [])  # last: from here on it can be resumed


def _commands(settings: SweepSettings) -> dict[str, list[str]]:
    train, evaluate = settings.run_kind.train_script, settings.run_kind.evaluate_script
    return {
        contract.TRAIN_COMMAND: ["python", train, *as_arguments(settings.run_settings)] if train else [],
        contract.EVALUATE_COMMAND: ["python", evaluate] if evaluate else [],
    }


def write_settings(plan: Plan, changes: list[str]) -> None:
    file = plan.settings.folder / contract.SWEEP_FILE
    history = read_settings(file).get("history", []) if file.exists() else []
    if changes:
        history.append({"when": f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}", "changes": changes})
    write_space(plan.settings.folder, plan.space)
    content = plan.settings.to_flat() | {"created": plan.created} | ({"history": history} if history else {})
    write_whole(file, yaml.safe_dump(content, sort_keys=False))


def folder_to_resume(request: Request) -> Path:
    storage = Path(request.flags.get("storage_path", DEFAULT_STORAGE)).absolute()
    return latest_sweep(storage) if request.resume == LATEST else find_sweep(str(request.resume), storage)


def plan_resumed(request: Request, folder: Path) -> tuple[Plan, list[str]]:
    """The sweep's own settings with the changes that were asked for, and these in words.

    Raises:
        UserError: a change that would mix trials which cannot be compared, or other data than the sweep's.
    """
    recorded_settings = read_settings(folder / contract.SWEEP_FILE)
    created = str(recorded_settings.pop("created"))
    recorded_settings.pop("history", None)
    recorded_settings |= {"name": folder.name, "storage_path": str(folder.parent)}
    before = _settings(recorded_settings).to_flat()
    settings = _settings(recorded_settings | request.flags | {"storage_path": str(folder.parent)})
    after = settings.to_flat()
    changes = []
    for name, value in after.items():
        if value == before[name]:
            continue
        setting = flag_fields(SweepSettings).get(name)
        if setting is None or not setting.metadata["changeable"]:
            raise UserError(
                f"--resume {folder.name}: --{name} {value} is not what its trials ran with ({before[name]}), and "
                "trials of both could not be compared; begin a new sweep with "
                f"--config {shown_path(folder / contract.SWEEP_FILE)} --{name} {value}"
            )
        if name == "num_samples" and settings.confirm:
            raise UserError(
                f"--resume {folder.name}: it confirms settings under given seeds and takes no more trials; begin "
                f"another with --confirm {shlex.quote(settings.confirm)} --seed N --confirm_seeds M"
            )
        changes.append(f"{name}: {before[name]} -> {value}")
    plan = _plan(settings, created)
    _refuse_changed_data(f"--resume {folder.name}", read_sweep(folder).data, plan.description)
    return plan, changes


def _refuse_changed_data(flag: str, recorded: dict[str, Any], now: DataDescription) -> None:
    if recorded and recorded["fingerprint"] != now.fingerprint:
        raise UserError(
            f"{flag}: its data has changed since ({now.summary}; it was {recorded['summary']}), so old and new trials "
            "could not be compared; restore it or begin a new sweep"
        )
