"""What one training is: a frozen value that the command line and the folder's params.json are two views of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from trainable.contract import FP32, PRECISION_HELP, PRECISIONS, UserError
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.settings_fields import Role, require, setting, typed_values
from trainable.user_paths import PathTo

THE_TRAINING = "the training"
_training = partial(setting, group=THE_TRAINING, roles=[Role.CHANGEABLE])
_tracking = partial(setting, group="where it is recorded (result.json and CSV files always)", roles=[Role.CHANGEABLE])


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    output_dir: str = _training(
        "checkpoints/joint_controller", "folder for all that the training leaves", path_to=PathTo.NEW_FOLDER
    )
    num_epochs: int = _training(100, "epochs", roles=[Role.TRAINING, Role.CHANGEABLE])
    seed: int = _training(0, "seed of everything random", roles=[Role.TRAINING])
    device: str = _training("auto", "torch device (default: cuda where there is one, else cpu)")
    precision: str = _training(FP32, PRECISION_HELP, roles=[Role.TRAINING], choices=PRECISIONS)
    num_threads: int = _training(1, "CPU threads of torch; the same number gives the same bits")

    use_wandb: bool = _tracking(False, "record the run at W&B too (default: TensorBoard only)")
    wandb_project: str | None = _tracking(None, f"W&B project (default: WANDB_PROJECT, else {KIND.wandb_project})")
    wandb_entity: str | None = _tracking(None, "W&B user or team (default: WANDB_ENTITY, else yours)")
    wandb_name: str | None = _tracking(
        None, "name of the W&B run (default: WANDB_NAME, else grpo-g{group_size}-lr{lr}-{timestamp})"
    )
    no_tensorboard: bool = _tracking(False, "write no TensorBoard events; only with --use_wandb")

    grpo: GRPOSettings = field(default_factory=GRPOSettings)

    def __post_init__(self) -> None:
        for name, least in (("num_epochs", 1), ("num_threads", 1), ("seed", 0)):
            require(self, name, getattr(self, name) >= least, f"at least {least}")
        if self.no_tensorboard and not self.use_wandb:
            raise UserError("--no_tensorboard leaves no tracker at all; add --use_wandb or drop it")

    @property
    def folder(self) -> Path:
        return Path(self.output_dir).absolute()


def from_flat(flat: Mapping[str, Any]) -> TrainingSettings:
    """Settings from values by flag's name, absent ones by default.

    Raises:
        UserError: no such setting, or a value that is out of range or of the wrong type.
    """
    own, of_grpo = typed_values(flat, TrainingSettings, GRPOSettings)
    return TrainingSettings(**own, grpo=GRPOSettings(**of_grpo))
