"""Greedy validation on the fixed budget grid: one policy forward per (sample, budget).

Letters: `S` samples, `Q` budgets, `C` configurations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainable import contract
from trainable.grpo.environment import Environment
from trainable.grpo.joint_distribution import joint_log_probabilities
from trainable.grpo.policy import Policy
from trainable.grpo.recipes import violated
from trainable.profiles.baselines import budget_points, parts_by_image
from trainable.profiles.budget_points import BudgetPoint
from trainable.profiles.image_split import VALIDATION
from trainable.profiles.workload import Workload
from trainable.score_parts import ScoreParts

STATES_PER_FORWARD = 8192
QUESTIONS_SHOWN = 4


@dataclass(frozen=True)
class ValidationSet:
    """What policies are validated on."""

    samples: Tensor
    """[S]"""
    images: np.ndarray
    """The image of each sample, [S]."""
    datasets: Mapping[str, Tensor]
    """Indices into `samples` of each dataset's own; none where there is but one dataset."""
    budgets_ms: Tensor
    """[Q]"""

    @classmethod
    def of_profile(cls, profile: Workload, device: torch.device, split: int = VALIDATION) -> "ValidationSet":
        samples = profile.samples(split)
        of_sample = np.array([profile.keys[sample].dataset for sample in samples])
        indices = {dataset: np.flatnonzero(of_sample == dataset) for dataset in profile.datasets}
        several = len(profile.datasets) > 1
        return cls(
            samples=torch.tensor(samples, device=device),
            images=profile.images(split),
            datasets={dataset: torch.tensor(own) for dataset, own in indices.items() if len(own) and several},
            budgets_ms=torch.tensor(profile.budget_grid_ms, device=device),
        )


@dataclass(frozen=True)
class Validation:
    """What a policy achieves on a validation set."""

    metrics: dict[str, float]
    """The contract's `Val/` metrics but the oracle's gap, and most of them again for each dataset."""
    under_budgets: tuple[BudgetPoint, ...]
    parts: ScoreParts


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


def shown_choices(
    policy: Policy, environment: Environment, judged_on: ValidationSet, profile: Workload
) -> list[dict[str, str | float]]:
    """What is chosen for the first few questions under the least, a middle and the largest budget."""
    samples = judged_on.samples[:QUESTIONS_SHOWN]
    budgets_ms = judged_on.budgets_ms[[0, len(judged_on.budgets_ms) // 2, -1]]
    choices = greedy_choices(policy, environment, samples, budgets_ms)  # [S, Q]
    accuracy, latency_ms = environment.execute(samples, choices)  # [S, Q]
    return [
        {
            "question": profile.questions[sample],
            "budget_ms": budget_ms,
            **dict(zip(profile.grid.names, profile.grid.configurations[int(choices[s, q])], strict=True)),
            "latency_ms": latency_ms[s, q].item(),
            "accuracy": accuracy[s, q].item(),
        }
        for s, sample in enumerate(samples.tolist())
        for q, budget_ms in enumerate(budgets_ms.tolist())
    ]


@torch.no_grad()
def validate(
    policy: Policy,
    environment: Environment,
    judged_on: ValidationSet,
    reward_of: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
) -> Validation:
    """Choose greedily for every sample under every budget.

    Args:
        reward_of: from accuracy, latency (ms), budget (ms) and configuration, which broadcast to [S, Q].
    """
    budgets_ms = judged_on.budgets_ms
    choices = greedy_choices(policy, environment, judged_on.samples, budgets_ms)  # [S, Q]
    accuracy, latency_ms = environment.execute(judged_on.samples, choices)  # [S, Q]
    late = violated(latency_ms, budgets_ms).to(accuracy.dtype)  # [S, Q]
    in_budget_accuracy = accuracy * (1.0 - late)  # [S, Q]
    means = {
        contract.VAL_REWARD_MEAN: reward_of(accuracy, latency_ms, budgets_ms, choices),
        contract.VAL_ACCURACY_MEAN: accuracy,
        contract.VAL_LATENCY_MEAN: latency_ms,
        contract.VAL_VIOLATION_RATE: late,
        contract.VAL_IN_BUDGET_ACCURACY: in_budget_accuracy,
    }
    metrics = {name: values.double().mean().item() for name, values in means.items()}
    for dataset, indices in judged_on.datasets.items():
        for name in contract.OF_EACH_DATASET:
            metrics[contract.dataset_metric(name, dataset)] = means[name][indices].double().mean().item()
    points = budget_points(accuracy.cpu().numpy(), latency_ms.cpu().numpy(), budgets_ms.cpu().numpy())
    of_samples = in_budget_accuracy.double().mean(dim=1).cpu().numpy()  # [S]
    return Validation(metrics, tuple(points), parts_by_image(of_samples, judged_on.images))
