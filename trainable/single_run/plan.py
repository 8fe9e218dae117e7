"""From a request to a training that may run: the settings, new or those of the folder, checked against the data."""

import datetime
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainable.contract import UserError, shown_path
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import ControllerData
from trainable.runs import DataDescription
from trainable.settings_fields import Role, absolute, changes, roles_by_name, to_flat
from trainable.single_run import folder as training_folder
from trainable.single_run.command_line import Request
from trainable.single_run.settings import TrainingSettings, from_flat

CREATED, IDENTITY = "created", "wandb_id"
"""What params.json holds beside the settings."""


@dataclass(frozen=True)
class AgentRun:
    """What W&B's sweep agent has decided about the run it starts."""

    sweep_id: str
    run_id: str

    def folder_in(self, output_dir: str) -> str:
        """A folder of the run's own: an agent starts one run after the other with the same --output_dir."""
        return str(Path(output_dir) / f"sweep-{self.sweep_id}" / f"run-{self.run_id}")


@dataclass(frozen=True)
class Plan:
    """A training that has been checked."""

    settings: TrainingSettings
    created: str
    wandb_id: str
    """The run's id at W&B unless an agent gave one: the same after every resume."""
    device: str
    data: ControllerData
    description: DataDescription
    agent_run: AgentRun | None

    @property
    def objective(self) -> str:
        """The metric by which the best epoch is chosen."""
        return KIND.objective

    @property
    def mode(self) -> str:
        return KIND.modes[KIND.objective]

    @property
    def run_name(self) -> str:
        """What the run is called at W&B unless the user says."""
        return KIND.run_name.format(**self.hyperparameters, created=self.created)

    @property
    def plain_settings(self) -> dict[str, Any]:
        """Everything that decides the numbers, as text and numbers."""
        roles = roles_by_name(self.settings)
        decisive = {name: value for name, value in to_flat(self.settings).items() if Role.TRAINING in roles[name]}
        plain = {
            name: value if isinstance(value, (int, float, str)) else str(value) for name, value in decisive.items()
        }
        return plain | {"dataset_names": " ".join(self.data.profile.datasets), "device": self.device}

    @property
    def wandb_config(self) -> dict[str, Any]:
        """All settings, with what was left open filled in, and the data."""
        return {
            **to_flat(self.settings),
            "dataset_names": list(self.data.profile.datasets),
            "device": self.device,
            "data": self.description.summary,
            "fingerprint": self.description.fingerprint,
        }

    def to_params(self) -> dict[str, Any]:
        return to_flat(self.settings) | {CREATED: self.created, IDENTITY: self.wandb_id}

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """What a sweep searches."""
        return {name: getattr(self.settings.grpo, name) for name in KIND.first_hyperparameters}


def agent_run() -> AgentRun | None:
    """The run of W&B's sweep agent that this process is, if it is one."""
    sweep_id, run_id = os.environ.get("WANDB_SWEEP_ID"), os.environ.get("WANDB_RUN_ID")
    return AgentRun(sweep_id, run_id) if sweep_id and run_id else None


def plan_new(request: Request) -> Plan:
    """A training from its start.

    Raises:
        UserError: a value, the profile, the device or the folder is of no use.
    """
    flags = dict(request.flags)
    agent = agent_run()
    if agent:
        flags["output_dir"] = agent.folder_in(flags.get("output_dir", TrainingSettings.output_dir))
    settings = absolute(from_flat(flags))
    if not request.overwrite:
        training_folder.refuse_used(settings.folder)
    created = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
    return _plan(settings, created, secrets.token_hex(6), agent)


def plan_resumed(request: Request) -> Plan:
    """The training in --output_dir, with the settings it began with and the changes that were asked for.

    Raises:
        UserError: there is none, it ran on other data, or a change would make another training of it.
    """
    folder = from_flat({"output_dir": request.flags.get("output_dir", TrainingSettings.output_dir)}).folder
    params = training_folder.read_params(folder)
    created, wandb_id = params.pop(CREATED), params.pop(IDENTITY)
    before = from_flat(params)
    settings = absolute(from_flat(to_flat(before) | request.flags | {"output_dir": str(folder)}))
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
    plan = _plan(settings, created, wandb_id, None)
    plan.description.require_same(
        training_folder.read_data(folder), "--resume", "; restore it, or begin anew in another --output_dir"
    )
    return plan


def _plan(settings: TrainingSettings, created: str, wandb_id: str, agent: AgentRun | None) -> Plan:
    device = _device(settings.device)
    data = KIND.prepare(settings.grpo)
    return Plan(settings, created, wandb_id, device, data, KIND.describe(settings.grpo, data), agent)


def _device(wished: str) -> str:
    if wished == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=wished)
    except (RuntimeError, AssertionError) as error:
        cause = str(error).strip().split("\n")[0].rstrip(".")
        raise UserError(f"--device {wished}: torch cannot use it ({cause}); it can be auto, cpu or cuda") from None
    return wished
