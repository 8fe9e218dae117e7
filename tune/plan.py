"""A plan: a sweep whose every setting has been checked, new or resumed, before anything is written or started."""

import dataclasses
import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from results.find import find_sweep, latest_sweep
from results.records import read_settings, read_sweep
from results.whole_file import write_whole
from search_spaces.choose import SearchSpace, load_space
from trainable import contract
from trainable.contract import UserError, shown_path
from trainable.flags import as_arguments, flag_fields
from trainable.runs import DataDescription
from tune.command_line import LATEST, Request
from tune.settings import SHIPPED_STORAGE, SweepSettings, from_flat

NOT_REPEATED = ("name", "resume", "created", "history")
"""What `--config` of a sweep.yaml does not take over."""


@dataclass(frozen=True)
class Plan:
    """A sweep that has been checked and may run."""

    settings: SweepSettings
    created: str
    space: SearchSpace
    data: Any
    description: DataDescription


def plan_new(request: Request) -> Plan:
    flat = {name: value for name, value in _from_file(request.file).items() if name not in NOT_REPEATED}
    now = datetime.datetime.now()
    settings = from_flat({"name": f"sweep-{now:%Y%m%d-%H%M%S}"} | flat | request.flags)
    return _plan(settings, f"{now:%Y%m%d-%H%M%S}")


def _from_file(file: Path | None) -> dict[str, Any]:
    return read_settings(file) if file else {}


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
        for value in _ends(distribution):
            try:
                dataclasses.replace(settings.run_settings, **{name: value})
            except UserError as error:
                raise UserError(f"--search_space {settings.search_space}: {error}; narrow its range") from None


def _ends(distribution: Any) -> tuple[Any, ...]:
    return distribution.choices if hasattr(distribution, "choices") else (distribution.low, distribution.high)


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
    write_settings(plan, [])
    data = {
        "objective": plan.settings.run_kind.objective,
        **plan.description.to_json(),
        **_commands(plan.settings),
    }
    write_whole(folder / contract.DATA_FILE, json.dumps(data, indent=2) + "\n")


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
    content = plan.settings.to_flat() | {"created": plan.created} | ({"history": history} if history else {})
    write_whole(file, yaml.safe_dump(content, sort_keys=False))


def folder_to_resume(request: Request) -> Path:
    storage = Path(request.flags.get("storage_path", SHIPPED_STORAGE)).absolute()
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
    before = from_flat(recorded_settings).to_flat()
    settings = from_flat(recorded_settings | request.flags | {"storage_path": str(folder.parent)})
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
        changes.append(f"{name}: {before[name]} -> {value}")
    plan = _plan(settings, created)
    recorded = read_sweep(folder).data
    if recorded and recorded["fingerprint"] != plan.description.fingerprint:
        raise UserError(
            f"--resume {folder.name}: its data has changed since ({plan.description.summary}; it was "
            f"{recorded['summary']}), so old and new trials could not be compared; restore it or begin a new sweep"
        )
    return plan, changes
