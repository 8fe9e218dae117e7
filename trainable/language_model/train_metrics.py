"""TRL's training metrics under the names that a sweep's have."""

import math
import re
from collections.abc import Mapping

from trainable import contract
from trainable.language_model.token_budgets import OVER_BUDGET

NAMES = {
    "loss": contract.TRAIN_LOSS,
    "reward": contract.TRAIN_REWARD_MEAN,
    "reward_std": contract.TRAIN_REWARD_STD,
    "entropy": contract.TRAIN_ENTROPY,
    "frac_reward_zero_std": contract.TRAIN_ZERO_VARIANCE_GROUPS,
    "kl": "Train/KL",
    "grad_norm": "Train/Grad_Norm",
    "learning_rate": "Train/Learning_Rate",
    "clip_ratio/region_mean": "Train/Clip_Ratio",
    "completions/mean_length": "Train/Completion_Length",
    "completions/clipped_ratio": "Train/Cut_Completions",
    f"rewards/{OVER_BUDGET}/mean": "Train/Over_Budget",
}
"""Of those that say something of how a training goes, beside the means of the task's own rewards."""

_REWARD = re.compile(r"rewards/(\w+)/mean")


def reward_metric(reward: str) -> str:
    """The column of the mean of one of the task's own rewards."""
    return f"Train/Reward_{reward}"


def train_metrics(logged: Mapping[str, float | None]) -> dict[str, float]:
    """Of what TRL logs; one that it has no value of is left out."""
    metrics = {}
    for name, value in logged.items():
        reward = _REWARD.fullmatch(name)
        ours = NAMES.get(name) or (reward_metric(reward[1]) if reward else None)
        if ours and value is not None:
            metrics[ours] = float(value)
    return metrics


def not_finite(logged: Mapping[str, float | None]) -> str | None:
    """Which number says that the training has diverged, in words; None if none does."""
    for name in ("loss", "grad_norm"):
        value = logged.get(name)
        if value is not None and not math.isfinite(value):
            return f"{name} is {value}"
    return None
