"""The settings of one GRPO run of a language model: flags, hyperparameters and their limits, in one place."""

from dataclasses import dataclass

from trainable.contract import SettingError
from trainable.settings_fields import Role, require, setting
from trainable.user_paths import PathTo, is_local_model

SEARCHED = (Role.TRAINING, Role.HYPERPARAMETER)
LOSS_TYPES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo")
"""TRL 1.16's."""
SCHEDULERS = ("constant", "linear", "cosine")


@dataclass(frozen=True)
class LanguageModelSettings:
    """Everything that decides a run but its seed, its number of epochs and its device.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    task: str | None = setting(
        None,
        "Python file of the task: its prompts, rewards, token budgets, and what is correct (docs/trl.md)",
        roles=[Role.DATA],
        metavar="FILE.py",
        path_to=PathTo.FILE,
    )
    model_path: str | None = setting(
        None,
        "causal language model: a folder that transformers loads, or a hub name (default: the task's own)",
        roles=[Role.DATA],
        metavar="PATH",
        path_to=PathTo.FOLDER,
        is_path=is_local_model,
    )
    peft_config: str | None = setting(
        None,
        "JSON or YAML file with the fields of peft's LoraConfig: adapters are trained, not the whole model",
        roles=[Role.DATA],
        metavar="FILE",
        path_to=PathTo.FILE,
    )
    steps_per_epoch: int = setting(10, "optimizer steps that count as one epoch")
    prompts_per_step: int = setting(8, "prompts of an optimizer step; each is completed num_generations times")
    reward_weights: tuple[str, ...] = setting(
        (), "weights of the task's rewards, in place of the task's own", metavar="NAME=NUMBER"
    )
    lr_scheduler: str = setting("constant", "what becomes of the learning rate after the warm-up", choices=SCHEDULERS)
    warmup_steps: int = setting(0, "optimizer steps in which the learning rate rises to lr", roles=SEARCHED)
    lr: float = setting(1e-6, "AdamW's learning rate", roles=SEARCHED)
    num_generations: int = setting(8, "completions of a prompt, in one group", roles=SEARCHED)
    budget_penalty: float = setting(0.5, "weight in the reward of going over the token budgets", roles=SEARCHED)
    beta: float = setting(0.0, "weight of the divergence from the model as it came", roles=SEARCHED)
    epsilon: float = setting(0.2, "how far the clipped ratio may leave 1", roles=SEARCHED)
    temperature: float = setting(1.0, "at which completions are sampled in training", roles=SEARCHED)
    loss_type: str = setting("dapo", "how TRL sums the loss over tokens", roles=SEARCHED, choices=LOSS_TYPES)
    trl: tuple[str, ...] = setting((), "anything else of TRL's GRPOConfig", metavar="KEY=VALUE")

    def __post_init__(self) -> None:
        for name in ("steps_per_epoch", "prompts_per_step"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        require(self, "num_generations", self.num_generations >= 2, "at least 2: a group of one has no advantage")
        require(self, "warmup_steps", self.warmup_steps >= 0, "0 or more")
        for name in ("lr", "temperature"):
            require(self, name, 0 < getattr(self, name) < float("inf"), "above 0")
        for name in ("budget_penalty", "beta", "epsilon"):
            require(self, name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        require(self, "loss_type", self.loss_type in LOSS_TYPES, f"one of {', '.join(LOSS_TYPES)}")
        require(self, "lr_scheduler", self.lr_scheduler in SCHEDULERS, f"one of {', '.join(SCHEDULERS)}")
        as_pairs("reward_weights", self.reward_weights)
        as_pairs("trl", self.trl)


def as_pairs(name: str, items: tuple[str, ...]) -> dict[str, str]:
    """What KEY=VALUE items of a list setting say.

    Raises:
        SettingError: an item is no such pair, or two have one key.
    """
    pairs: dict[str, str] = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not separator or not key or not value:
            raise SettingError(name, f" {item!r}: give KEY=VALUE")
        if key in pairs:
            raise SettingError(name, f" {item!r}: {key} is given twice; leave one out")
        pairs[key] = value
    return pairs
