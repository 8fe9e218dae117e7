"""Greedy validation on the fixed budget grid: one policy forward per (sample, budget)."""

import torch
from torch import Tensor

from trainable import contract
from trainable.environment import Environment
from trainable.joint_distribution import joint_log_probabilities
from trainable.policy import Policy
from trainable.recipes import Recipe
from trainable.reward import violated

STATES_PER_FORWARD = 8192


@torch.no_grad()
def greedy_choices(policy: Policy, environment: Environment, samples: Tensor, budgets_ms: Tensor) -> Tensor:
    """The most probable allowed configuration for each sample under each budget, [S], [Q] -> int64 [S, Q]."""
    policy.eval()
    states = torch.cartesian_prod(samples, torch.arange(len(budgets_ms), device=samples.device))  # [S * Q, 2]
    chosen = []
    for rows, places in (part.unbind(dim=1) for part in states.split(STATES_PER_FORWARD)):
        logits = policy(environment.features(rows), budgets_ms[places])
        chosen.append(joint_log_probabilities(logits, environment.allowed(rows)).argmax(dim=1))
    return torch.cat(chosen).view(len(samples), len(budgets_ms))


@torch.no_grad()
def validate(
    policy: Policy,
    environment: Environment,
    samples: Tensor,
    budgets_ms: Tensor,
    recipe: Recipe,
    complexity: Tensor,
    budget_penalty: float,
) -> dict[str, float]:
    """The contract's `Val/` metrics but the oracle's gap.

    Args:
        samples: [S]. budgets_ms: [Q]. complexity: of every configuration, [C].
    """
    choices = greedy_choices(policy, environment, samples, budgets_ms)  # [S, Q]
    accuracy, latency_ms = environment.execute(samples, choices)  # [S, Q]
    late = violated(latency_ms, budgets_ms).to(accuracy.dtype)  # [S, Q]
    reward = recipe.reward(accuracy, latency_ms, budgets_ms, complexity[choices], budget_penalty)  # [S, Q]
    means = {
        contract.VAL_REWARD_MEAN: reward,
        contract.VAL_ACCURACY_MEAN: accuracy,
        contract.VAL_LATENCY_MEAN: latency_ms,
        contract.VAL_VIOLATION_RATE: late,
        contract.VAL_IN_BUDGET_ACCURACY: accuracy * (1.0 - late),
    }
    return {name: values.double().mean().item() for name, values in means.items()}
