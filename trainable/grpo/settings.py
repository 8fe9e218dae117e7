"""The settings of one GRPO run of the joint controller: flags, hyperparameters and their limits, in one place."""

from dataclasses import dataclass, field
from typing import Any

from trainable.contract import PROJECT, UserError

SHIPPED_PROFILE = PROJECT / "results" / "profiles" / "digit_vqa"
RECIPE_NAMES = ("default", "original")


def _flag(default: Any, text: str, **metadata: Any) -> Any:
    return field(default=default, metadata={"help": text, **metadata})


def _searched(default: Any, text: str) -> Any:
    """A hyperparameter that a sweep searches: no flag there, one of the single run."""
    return field(default=default, metadata={"searched": text})


@dataclass(frozen=True)
class GRPOSettings:
    """Everything that decides a run but its seed and its device.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    results_dir: str = _flag(
        str(SHIPPED_PROFILE),
        "profile: a folder per dataset, a file per configuration (default: the shipped digit_vqa)",
        folder=True,
    )
    dataset_names: tuple[str, ...] = _flag((), "datasets of the profile to train on (default: all)")
    model_path: str | None = _flag(
        None, "checkpoint whose tokenizer and word embeddings give the language features", metavar="PATH", folder=True
    )
    trust_remote_code: bool = _flag(False, "let that checkpoint's own Python code run")
    batch_size: int = _flag(16, "samples per optimiser step")
    recipe: str = _flag("default", "reward terms and advantage normalisation", choices=RECIPE_NAMES)
    latency_budget_min: float | None = _flag(
        None, "least budget drawn in training (default: the profile's 5th latency percentile)", metavar="MS"
    )
    latency_budget_max: float | None = _flag(
        None, "largest budget drawn in training (default: the profile's 95th latency percentile)", metavar="MS"
    )
    updates_per_batch: int = _flag(1, "optimiser steps per sampled batch; above 1 the ratio is clipped")
    clip_epsilon: float = _flag(0.2, "how far the clipped ratio may leave 1")
    kl_coefficient: float = _flag(0.0, "weight of the divergence from the policy's start")
    entropy_coefficient: float = _flag(0.03, "weight of the entropy bonus")
    max_grad_norm: float = _flag(1.0, "gradient clipping")
    weight_decay: float = _flag(0.1, "AdamW's weight decay")
    dropout: float = _flag(0.1, "share of features and hidden units dropped in training")
    hidden_size: int = _flag(64, "width of the policy")
    num_layers: int = _flag(2, "hidden layers of the policy")
    lr: float = _searched(1e-4, "AdamW's learning rate")
    group_size: int = _searched(5, "configurations drawn per sample and budget")
    budget_penalty: float = _searched(10.0, "weight of a missed budget in the reward")

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("updates_per_batch", 1), ("hidden_size", 1), ("num_layers", 1)):
            self._require(name, getattr(self, name) >= least, f"at least {least}")
        self._require("group_size", self.group_size >= 2, "at least 2: a group of one has no advantage over itself")
        for name in ("lr", "clip_epsilon", "max_grad_norm"):
            self._require(name, 0 < getattr(self, name) < float("inf"), "above 0")
        for name in ("budget_penalty", "kl_coefficient", "entropy_coefficient", "weight_decay"):
            self._require(name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        self._require("dropout", 0 <= self.dropout < 1, "at least 0 and below 1")
        self._require("recipe", self.recipe in RECIPE_NAMES, f"one of {', '.join(RECIPE_NAMES)}")
        for name in ("latency_budget_min", "latency_budget_max"):
            value = getattr(self, name)
            self._require(name, value is None or 0 < value < float("inf"), "above 0 ms")
        if self.latency_budget_min is not None and self.latency_budget_max is not None:
            self._require(
                "latency_budget_min",
                self.latency_budget_min <= self.latency_budget_max,
                f"at most --latency_budget_max ({self.latency_budget_max:g} ms)",
            )

    def _require(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise UserError(f"{name} is {getattr(self, name)!r}; it must be {wanted}")
