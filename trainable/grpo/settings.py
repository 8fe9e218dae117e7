"""The settings of one GRPO run of the joint controller: flags, hyperparameters and their limits, in one place."""

from dataclasses import dataclass
from pathlib import Path

from trainable.contract import PROJECT
from trainable.settings_fields import Role, require, setting
from trainable.user_paths import PathTo, is_local_model

SHIPPED_PROFILE = PROJECT / "results" / "profiles" / "digit_vqa"
DEFAULT_RECIPE, ORIGINAL_RECIPE = RECIPE_NAMES = ("default", "original")
SEARCHED = (Role.TRAINING, Role.HYPERPARAMETER)


@dataclass(frozen=True)
class GRPOSettings:
    """Everything that decides a run but its seed and its device.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    results_dir: str | None = setting(
        None,
        "profile: a folder per dataset, a file per configuration (default: the shipped digit_vqa)",
        roles=[Role.DATA],
        path_to=PathTo.FOLDER,
    )
    dataset_names: tuple[str, ...] = setting(
        (), "datasets of the profile to train on (default: all)", roles=[Role.DATA]
    )
    model_path: str | None = setting(
        None,
        "checkpoint whose tokenizer and word embeddings give the language features",
        roles=[Role.DATA],
        metavar="PATH",
        path_to=PathTo.FOLDER,
        is_path=is_local_model,
    )
    trust_remote_code: bool = setting(False, "let that checkpoint's own Python code run")
    batch_size: int = setting(16, "samples per optimiser step")
    recipe: str = setting(DEFAULT_RECIPE, "reward terms and advantage normalisation", choices=RECIPE_NAMES)
    latency_budget_min: float | None = setting(
        None, "least budget drawn in training (default: the profile's 5th latency percentile)", metavar="MS"
    )
    latency_budget_max: float | None = setting(
        None, "largest budget drawn in training (default: the profile's 95th latency percentile)", metavar="MS"
    )
    updates_per_batch: int = setting(1, "optimiser steps per sampled batch; above 1 the ratio is clipped")
    clip_epsilon: float = setting(0.2, "how far the clipped ratio may leave 1")
    kl_coefficient: float = setting(0.0, "weight of the divergence from the policy's start")
    entropy_coefficient: float = setting(0.03, "weight of the entropy bonus")
    max_grad_norm: float = setting(1.0, "gradient clipping")
    weight_decay: float = setting(0.1, "AdamW's weight decay")
    dropout: float = setting(0.1, "share of features and hidden units dropped in training")
    hidden_size: int = setting(64, "width of the policy")
    num_layers: int = setting(2, "hidden layers of the policy")
    lr: float = setting(1e-4, "AdamW's learning rate", roles=SEARCHED)
    group_size: int = setting(5, "configurations drawn per sample and budget", roles=SEARCHED)
    budget_penalty: float = setting(10.0, "weight of a missed budget in the reward", roles=SEARCHED)

    @property
    def profile(self) -> Path:
        """Where it lies."""
        return Path(self.results_dir or SHIPPED_PROFILE)

    def __post_init__(self) -> None:
        for name in ("batch_size", "updates_per_batch", "hidden_size", "num_layers"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        require(self, "group_size", self.group_size >= 2, "at least 2: a group of one has no advantage over itself")
        for name in ("lr", "clip_epsilon", "max_grad_norm"):
            require(self, name, 0 < getattr(self, name) < float("inf"), "above 0")
        for name in ("budget_penalty", "kl_coefficient", "entropy_coefficient", "weight_decay"):
            require(self, name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        require(self, "dropout", 0 <= self.dropout < 1, "at least 0 and below 1")
        require(self, "recipe", self.recipe in RECIPE_NAMES, f"one of {', '.join(RECIPE_NAMES)}")
        for name in ("latency_budget_min", "latency_budget_max"):
            value = getattr(self, name)
            require(self, name, value is None or 0 < value < float("inf"), "above 0 ms")
        if self.latency_budget_min is not None and self.latency_budget_max is not None:
            require(
                self,
                "latency_budget_min",
                self.latency_budget_min <= self.latency_budget_max,
                f"at most latency_budget_max ({self.latency_budget_max:g} ms)",
            )
