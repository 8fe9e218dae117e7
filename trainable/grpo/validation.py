"""Greedy validation on the fixed budget grid: one policy forward per (sample, budget)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainable import contract
from trainable.grpo.environment import Environment
from trainable.grpo.joint_distribution import joint_log_probabilities
from trainable.grpo.policy import Policy
from trainable.grpo.recipes import Recipe
from trainable.grpo.reward import violated
from trainable.profiles.baselines import budget_points, parts_by_image
from trainable.profiles.table import Profile
from trainable.score_parts import BestPolicy

STATES_PER_FORWARD = 8192

OF_EACH_DATASET = (
    contract.VAL_ACCURACY_MEAN,
    contract.VAL_LATENCY_MEAN,
    contract.VAL_VIOLATION_RATE,
    contract.VAL_IN_BUDGET_ACCURACY,
)


@dataclass(frozen=True)
class Validation:
    """The metrics, and the numbers that they are means of."""

    metrics: dict[str, float]
    accuracy: Tensor
    """[S, Q]"""
    latency_ms: Tensor
    """[S, Q]"""
    in_budget_accuracy: Tensor
    """[S, Q]"""


@torch.no_grad()
def greedy_choices(policy: Policy, environment: Environment, samples: Tensor, budgets_ms: Tensor) -> Tensor:
    """The most probable allowed configuration for each sample under each budget, [S], [Q] -> int64 [S, Q]."""
    policy.eval()
    states = torch.cartesian_prod(samples, torch.arange(len(budgets_ms), device=samples.device))  # [S * Q, 2]
    chosen = []
    for rows, budgets in (part.unbind(dim=1) for part in states.split(STATES_PER_FORWARD)):
        logits = policy(environment.features(rows), budgets_ms[budgets])
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
    datasets: Mapping[str, Tensor] | None = None,
) -> Validation:
    """The contract's `Val/` metrics but the oracle's gap, and most of them again for each dataset.

    Args:
        samples: [S]. budgets_ms: [Q]. complexity: of every configuration, [C].
        datasets: indices into `samples` of each dataset's own, as of `samples_of_datasets`.
    """
    choices = greedy_choices(policy, environment, samples, budgets_ms)  # [S, Q]
    accuracy, latency_ms = environment.execute(samples, choices)  # [S, Q]
    late = violated(latency_ms, budgets_ms).to(accuracy.dtype)  # [S, Q]
    reward = recipe.reward(accuracy, latency_ms, budgets_ms, complexity[choices], budget_penalty)  # [S, Q]
    in_budget_accuracy = accuracy * (1.0 - late)  # [S, Q]
    means = {
        contract.VAL_REWARD_MEAN: reward,
        contract.VAL_ACCURACY_MEAN: accuracy,
        contract.VAL_LATENCY_MEAN: latency_ms,
        contract.VAL_VIOLATION_RATE: late,
        contract.VAL_IN_BUDGET_ACCURACY: in_budget_accuracy,
    }
    metrics = {name: values.double().mean().item() for name, values in means.items()}
    for dataset, indices in (datasets or {}).items():
        for name in OF_EACH_DATASET:
            metrics[contract.dataset_metric(name, dataset)] = means[name][indices].double().mean().item()
    return Validation(metrics, accuracy, latency_ms, in_budget_accuracy)


def best_policy(epoch: int, validation: Validation, budgets_ms: Tensor, images: np.ndarray) -> BestPolicy:
    """What a report wants to know of the policy that was validated.

    Args:
        budgets_ms: [Q]. images: image of each sample, [S].
    """
    under_budgets = budget_points(
        validation.accuracy.cpu().numpy(), validation.latency_ms.cpu().numpy(), budgets_ms.cpu().numpy()
    )
    of_samples = validation.in_budget_accuracy.double().mean(dim=1)  # [S]
    return BestPolicy(epoch, tuple(under_budgets), parts_by_image(of_samples.cpu().numpy(), images))


def samples_of_datasets(profile: Profile, samples: np.ndarray) -> dict[str, Tensor]:
    """Indices into `samples` of each dataset's own; none where there is but one dataset."""
    if len(profile.datasets) == 1:
        return {}
    of_sample = np.array([profile.keys[sample].dataset for sample in samples])
    indices = {dataset: np.flatnonzero(of_sample == dataset) for dataset in profile.datasets}
    return {dataset: torch.tensor(own) for dataset, own in indices.items() if len(own)}
