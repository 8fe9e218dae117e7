"""From a request to a training that may run: the settings, new or those of the folder, checked against the data."""

import dataclasses
import datetime
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from results.files.atomic_write import read_json
from results.record.origin import lies_there_too
from trainable.contract import DATA_FILE, PARAMS_FILE, UserError, WandbNotInstalled, shown_path
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.joint_controller import KIND
from trainable.ranking import Objective
from trainable.runs import DataDescription
from trainable.settings_fields import Role, changes, names_with, require_usable_paths, roles_by_name, to_flat
from trainable.single_run import folder as training_folder
from trainable.single_run.command_line import Request
from trainable.single_run.settings import TrainingSettings, from_flat
from trainable.torch_process import require_precision
from trainable.user_paths import PathTo, usable_path

OBJECTIVE = Objective((KIND.objective,), (KIND.modes[KIND.objective],))
"""By which the best epoch is chosen."""

CREATED, WANDB_ID = "created", "wandb_id"
"""What params.json holds beside the settings."""


@dataclass(frozen=True)
class Plan:
    """A training that has been checked."""

    settings: TrainingSettings
    created: str
    wandb_id: str
    """The run's id at W&B, the same after every resume."""
    wandb_mode: str | None
    """'online', 'offline' or 'disabled'; None where W&B was not asked for, or is not installed."""
    device: str
    data: ControllerData
    description: DataDescription
    copy_of: Path | None = None
    """The folder that this one was copied from, when the training lies there too: the two are two runs at W&B."""

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """What a sweep searches."""
        return {name: getattr(self.settings.grpo, name) for name in names_with(Role.HYPERPARAMETER, KIND.settings_type)}

    @property
    def decisive_settings(self) -> dict[str, Any]:
        """Everything that decides the numbers."""
        roles, deciding = roles_by_name(self.settings), {Role.TRAINING, Role.DATA}
        decisive = {name: value for name, value in to_flat(self.settings).items() if deciding & {*roles[name]}}
        return decisive | {"dataset_names": " ".join(self.data.profile.datasets), "device": self.device}

    def to_params(self) -> dict[str, Any]:
        return to_flat(self.settings) | {CREATED: self.created, WANDB_ID: self.wandb_id}


def plan_new(request: Request) -> Plan:
    """A training from its start.

    Raises:
        UserError: a value, the profile, the device or the folder is of no use.
    """
    settings = from_flat(request.flags)
    require_usable_paths(settings)
    of_agent = given_by_wandbs_agent()
    if of_agent:  # it starts all its runs with the same flags
        folder = Path(settings.output_dir, f"sweep-{of_agent.sweep_id}", f"run-{of_agent.run_id}")
        settings = dataclasses.replace(settings, output_dir=str(folder))
    if not request.overwrite:
        training_folder.refuse_used(settings.folder)
    wandb_id = of_agent.run_id if of_agent else _new_wandb_id()
    return _plan(settings, f"{datetime.datetime.now():%Y%m%d-%H%M%S}", wandb_id)


class GivenByAgent(NamedTuple):
    """What W&B's sweep agent tells a run that it starts, and W&B's client in it."""

    sweep_id: str
    run_id: str


def given_by_wandbs_agent() -> GivenByAgent | None:
    sweep_id, run_id = os.environ.get("WANDB_SWEEP_ID"), os.environ.get("WANDB_RUN_ID")
    return GivenByAgent(sweep_id, run_id) if sweep_id and run_id else None


def _new_wandb_id() -> str:
    return secrets.token_hex(6)


def plan_resumed(request: Request) -> Plan:
    """The training in --output_dir, with the settings it began with and the changes that were asked for.

    Raises:
        UserError: there is none, its settings are not this command's, it ran on other data, or a change would make
            another training of it.
    """
    folder = usable_path(
        request.flags.get("output_dir", TrainingSettings.output_dir), PathTo.NEW_FOLDER, "--output_dir"
    )
    file = folder / PARAMS_FILE
    if not file.exists():
        raise UserError(f"--output_dir {shown_path(folder)}: no training to resume in it; begin one without --resume")
    try:
        params = read_json(file)
        created, wandb_id = params.pop(CREATED), params.pop(WANDB_ID) or _new_wandb_id()
        before = from_flat(params)
    except (KeyError, ValueError, UserError) as error:
        cause = f"no {error}" if isinstance(error, KeyError) else error
        raise UserError(
            f"--resume: {shown_path(file)} does not hold the settings of a training ({cause}); give an "
            "--output_dir in which this command began one"
        ) from None
    settings = from_flat(to_flat(before) | request.flags | {"output_dir": str(folder)})
    changed = [
        f"--{change.name} {change.before} -> {change.after}"
        for change in changes(before, settings)
        if not change.allowed
    ]
    if changed:
        raise UserError(
            f"--resume: {', '.join(changed)} would make another training of the one in {shown_path(folder)}; "
            "leave out what changed, or begin anew in another --output_dir"
        )
    require_usable_paths(settings)
    original = Path(before.output_dir)
    is_copy = (
        lies_there_too(folder, original, PARAMS_FILE) and read_json(original / PARAMS_FILE).get(WANDB_ID) == wandb_id
    )
    plan = _plan(settings, created, _new_wandb_id() if is_copy else wandb_id)
    plan = dataclasses.replace(plan, copy_of=original if is_copy else None)
    plan.description.require_same(
        read_json(folder / DATA_FILE), "--resume", "; say where that lies, or begin anew in another --output_dir"
    )
    return plan


def _plan(settings: TrainingSettings, created: str, wandb_id: str) -> Plan:
    settings, wandb_mode = _settle_wandb(settings)
    device = _device(settings.device)
    require_precision((device,), settings.precision)
    data = KIND.prepare(settings.grpo)
    return Plan(settings, created, wandb_id, wandb_mode, device, data, KIND.describe(settings.grpo, data))


def _settle_wandb(settings: TrainingSettings) -> tuple[TrainingSettings, str | None]:
    """Settings that say where the run belongs at W&B, so that a resume from another shell sends it there; the mode.

    Raises:
        UserError: W&B's client refuses what the user has it do.
    """
    if not settings.use_wandb:
        return settings, None
    try:
        from results.trackers.wandb_client import client_settings, prepare_wandb  # takes a second
        from results.trackers.wandb_wishes import settle
    except WandbNotInstalled:  # said when the training begins; it goes on without
        return settings, None
    may_ask = sys.stdin.isatty() and sys.stdout.isatty()
    prepare_wandb(may_ask, of_many_runs=False)
    wishes = settle(
        None,
        settings.wandb_project,
        settings.wandb_entity,
        default_project=KIND.wandb_project,
        may_ask=may_ask,
        sends_models=True,
    )
    name = settings.wandb_name or client_settings().run_name
    settled = dataclasses.replace(settings, wandb_project=wishes.project, wandb_entity=wishes.entity, wandb_name=name)
    return settled, wishes.mode


def _device(wished: str) -> str:
    if wished == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=wished)
    except (RuntimeError, AssertionError) as error:
        cause = str(error).strip().split("\n")[0].rstrip(".")
        raise UserError(f"--device {wished}: torch cannot use it ({cause}); it can be auto, cpu or cuda") from None
    return wished
