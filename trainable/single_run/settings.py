"""What one training is: a frozen value that the command line and the folder's params.json are two views of."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.grpo.settings import GRPOSettings

DEFAULT_PROJECT = "molmo-controller"


def _flag(group: str, default: Any, text: str, *, changeable: bool = True, **metadata: Any) -> Any:
    """`changeable`: a resume may change it, since no epoch depends on it."""
    return field(default=default, metadata={"group": group, "help": text, "changeable": changeable, **metadata})


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    output_dir: str = _flag("training", "checkpoints/joint_controller", "folder for all that the training leaves")
    num_epochs: int = _flag("training", 100, "epochs")
    seed: int = _flag("training", 0, "seed of everything random", changeable=False)
    device: str = _flag("training", "auto", "torch device (default: cuda where there is one, else cpu)")
    num_threads: int = _flag("training", 1, "CPU threads of torch; the same number gives the same bits")

    use_wandb: bool = _flag("tracking", False, "record the run at W&B too (default: TensorBoard only)")
    wandb_project: str | None = _flag("tracking", None, f"W&B project (default: WANDB_PROJECT, else {DEFAULT_PROJECT})")
    wandb_entity: str | None = _flag(
        "tracking", None, "W&B user or team (default: WANDB_ENTITY, else yours)", metavar="ENTITY"
    )
    wandb_name: str | None = _flag(
        "tracking", None, "name of the W&B run (default: WANDB_NAME, else grpo-g{group_size}-lr{lr}-{timestamp})"
    )
    no_tensorboard: bool = _flag("tracking", False, "write no TensorBoard events; only with --use_wandb")

    grpo: GRPOSettings = field(default_factory=GRPOSettings)

    def __post_init__(self) -> None:
        for name, least in (("num_epochs", 1), ("num_threads", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise UserError(f"--{name} is {getattr(self, name)!r}; it must be at least {least}")
        if self.no_tensorboard and not self.use_wandb:
            raise UserError("--no_tensorboard leaves no tracker at all; add --use_wandb or drop it")

    @property
    def folder(self) -> Path:
        return Path(self.output_dir).absolute()

    def to_flat(self) -> dict[str, Any]:
        """Every setting by its flag's name."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "grpo"}
        flat = own | dataclasses.asdict(self.grpo)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}


def from_flat(flat: Mapping[str, Any]) -> TrainingSettings:
    """Settings from values by flag's name; absent ones by default, unknown ones ignored."""
    typed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in flat.items()}
    of_grpo = {f.name for f in dataclasses.fields(GRPOSettings)}
    of_training = {f.name for f in dataclasses.fields(TrainingSettings)} - {"grpo"}
    grpo = GRPOSettings(**{name: value for name, value in typed.items() if name in of_grpo})
    return TrainingSettings(**{name: value for name, value in typed.items() if name in of_training}, grpo=grpo)


def fixed_names() -> list[str]:
    """The settings that no resume may change: the epochs before and after it would be of two different trainings."""
    own = [f.name for f in dataclasses.fields(TrainingSettings) if f.metadata.get("changeable") is False]
    return own + [f.name for f in dataclasses.fields(GRPOSettings)]
