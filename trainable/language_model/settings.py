"""The settings of one GRPO run of a language model: flags, hyperparameters and their limits, in one place."""

import re
from dataclasses import dataclass

from trainable.contract import SettingError
from trainable.settings_fields import Role, require, setting
from trainable.user_paths import PathTo, is_local_model

SEARCHED = (Role.TRAINING, Role.HYPERPARAMETER)
LOSS_TYPES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo")
"""TRL 1.16's."""
SCHEDULERS = ("constant", "linear", "cosine")

_OF_SETTINGS = {
    "learning_rate": "lr",
    "num_generations": "num_generations",
    "beta": "beta",
    "epsilon": "epsilon",
    "temperature": "temperature",
    "loss_type": "loss_type",
    "warmup_steps": "warmup_steps",
    "lr_scheduler_type": "lr_scheduler",
    "reward_weights": "reward_weights",
    "per_device_train_batch_size": "prompts_per_step",
    "generation_batch_size": "prompts_per_step",
    "max_steps": "steps_per_epoch",
    "num_train_epochs": "num_epochs",
    "seed": "seed",
    "data_seed": "seed",
    "bf16": "precision",
    "tf32": "precision",
}
"""TRL's names of what are settings here."""
_OF_TASK = {"max_completion_length": "MAX_COMPLETION_LENGTH", "num_generations_eval": "TOKEN_BUDGETS"}
_NOT_EXACT = re.compile(
    "use_vllm|vllm_.*|use_transformers_(paged|continuous_batching)|sync_ref_model|ref_model_.*|ignore_data_skip|"
    "auto_find_batch_size|accelerator_config|train_sampling_strategy|shuffle_dataset"
)
"""With these a resumed training would not be the interrupted one: they draw from, or keep, what no checkpoint holds."""
_MANY_PROCESSES = re.compile("ddp_.*|fsdp.*|deepspeed|ds3_.*|parallelism_config|local_rank")
_OF_SWEEP = re.compile(
    "output_dir|logging_.*|log_.*|report_to|run_name|project|trackio_.*|disable_tqdm|num_completions_to_print|"
    "(do|eval|batch_eval|include_for|save|hub|push_to|load_best|metric_for|greater_is|restore|resume|enable_jit)_.*|"
    "use_cpu|full_determinism|skip_memory_metrics|debug|remove_unused_columns|label_names|prediction_loss_only"
)
"""What the sweep does itself: records, judges, saves, resumes, and gives devices."""


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
    shaping_weight: float = setting(
        1.0, "factor of the weights of the task's rewards but the first, which are there to help", roles=SEARCHED
    )
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
        for name in ("budget_penalty", "shaping_weight", "beta", "epsilon"):
            require(self, name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        require(self, "loss_type", self.loss_type in LOSS_TYPES, f"one of {', '.join(LOSS_TYPES)}")
        require(self, "lr_scheduler", self.lr_scheduler in SCHEDULERS, f"one of {', '.join(SCHEDULERS)}")
        as_pairs("reward_weights", self.reward_weights)
        for key, value in as_pairs("trl", self.trl).items():
            _require_free(key, value)


def _require_free(key: str, value: str) -> None:
    """Refuse an option of TRL's that is not the user's to give: GRPOConfig itself is looked at elsewhere, with TRL."""
    why = ""
    if key in _OF_SETTINGS:
        why = f"the sweep decides it; give --{_OF_SETTINGS[key]}, or leave that to the search space"
    elif key in _OF_TASK:
        why = f"the task decides it; see {_OF_TASK[key]} there"
    elif _NOT_EXACT.fullmatch(key):
        why = "a resumed trial would not go on exactly with it; leave it out"
    elif _MANY_PROCESSES.fullmatch(key):
        why = "a trial is one process on one device; leave it out"
    elif _OF_SWEEP.fullmatch(key):
        why = "the sweep decides it; leave it out"
    if why:
        raise SettingError("trl", f" {key}={value}: {why}")


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
