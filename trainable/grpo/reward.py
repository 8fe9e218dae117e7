"""Rewards of a group of configurations: accuracy less what the latency budget says against it.

All take tensors of one shape, [B, G], and broadcast: `budget_ms` is usually [B, 1].
"""

from collections.abc import Callable

from torch import Tensor

Reward = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]


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
