"""Recipes: a reward and how advantages are normalised, chosen together by one name.

A reward is accuracy less what the latency budget says against it; rewards take tensors of one shape, [B, G], and
broadcast (`budget_ms` is usually [B, 1]). In every recipe `budget_penalty` weighs the violation. Why `default` is the
default is measured in docs/method.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from trainable.grpo.settings import DEFAULT_RECIPE, ORIGINAL_RECIPE


@dataclass(frozen=True)
class Recipe:
    reward: Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
    """From accuracy, latency (ms), budget (ms), complexity and budget_penalty."""
    divide_by_std: bool


def violated(latency_ms: Tensor, budget_ms: Tensor) -> Tensor:
    """Whether an answer came late, bool [B, G]."""
    return latency_ms > budget_ms


def fixed_penalty_reward(
    accuracy: Tensor, latency_ms: Tensor, budget_ms: Tensor, complexity: Tensor, budget_penalty: float
) -> Tensor:
    """`a - budget_penalty * [L > B]`: a late answer costs the same however late, as it is worth the same (nothing)."""
    return accuracy - budget_penalty * violated(latency_ms, budget_ms).to(accuracy.dtype)


def flexvlm_reward(
    accuracy: Tensor, latency_ms: Tensor, budget_ms: Tensor, complexity: Tensor, budget_penalty: float
) -> Tensor:
    """The reward that the joint controller of FlexVLM was published with.

    `a - 0.5*sigmoid(10*(L/B-1)) - budget_penalty*(max(0, L-B)/B)^2 - 0.05*complexity + 0.1*(1-L/B)*[L<=B]`
    """
    relative = latency_ms / budget_ms
    late = violated(latency_ms, budget_ms).to(accuracy.dtype)
    soft_latency_cost = 0.5 * (10.0 * (relative - 1.0)).sigmoid()
    violation_cost = budget_penalty * (relative - 1.0).clamp(min=0.0).square()
    headroom_bonus = 0.1 * (1.0 - relative) * (1.0 - late)
    return accuracy - soft_latency_cost - violation_cost - 0.05 * complexity + headroom_bonus


RECIPES = {
    DEFAULT_RECIPE: Recipe(fixed_penalty_reward, divide_by_std=False),
    ORIGINAL_RECIPE: Recipe(flexvlm_reward, divide_by_std=True),
}
