"""What a deployed policy promises: the numbers of a profile for what it will choose, before the model runs.

Letters: `R` samples of the profile, `Q` budgets, `C` configurations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainable.exported_policy import ExportedPolicy
from trainable.profiles.baselines import budget_point, mean_of_measured
from trainable.profiles.budget_points import BudgetPoint
from trainable.profiles.features import Features
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile

LEAST_MEASURED = 0.5
"""Share of the choices under a budget that must be measured for a promise."""


@dataclass(frozen=True)
class Promise:
    """What is promised under one budget, or why nothing is."""

    point: BudgetPoint | None
    refusal: str = ""


def choices_on_profile(
    policy: ExportedPolicy, profile: Profile, features: Features, rows: np.ndarray, asked_ms: Sequence[float]
) -> np.ndarray:
    """What the exported policy chooses for samples of a profile, int64 [R, Q].

    Args:
        profile: on the policy's own grid.
        rows: its samples, [R].
        asked_ms: budgets as the policy is asked, [Q].
    """
    is_hashed = policy.config["language_features"] == HASHED_NGRAMS
    index_of = {knobs: index for index, knobs in enumerate(profile.grid.configurations)}
    choices = np.empty((len(rows), len(asked_ms)), dtype=np.int64)
    for place, row in enumerate(rows):
        language, vision = np.split(features.raw[row], [features.language_size])
        for budget, budget_ms in enumerate(asked_ms):
            chosen = policy.choose(profile.questions[row] if is_hashed else language, vision, budget_ms)
            choices[place, budget] = index_of[tuple(chosen.values())]
    return choices


def share_measured(profile: Profile, rows: np.ndarray, choices: np.ndarray) -> float:
    """Of choices, [R, Q], the part that the profile has numbers for; 0 where there are none."""
    return float(profile.measured[rows[:, None], choices].mean()) if choices.size else 0.0


def promises(
    profile: Profile, rows: np.ndarray, choices: np.ndarray, budgets_ms: np.ndarray, overhead_ms: float
) -> list[Promise]:
    """One a budget.

    Args:
        profile: with latencies in this machine's ms.
        rows: its samples that are promised for, [R].
        choices: [R, Q].
        budgets_ms: of whole requests, [Q].
        overhead_ms: what a request takes besides the model.
    """
    least_ms = float(np.nanmin(mean_of_measured(profile.latency_ms[profile.samples(TRAIN)]))) + overhead_ms
    found = []
    for chosen, budget_ms in zip(choices.T, budgets_ms.tolist(), strict=True):
        accuracy, latency_ms = profile.accuracy[rows, chosen], profile.latency_ms[rows, chosen]  # [R]
        known = ~np.isnan(latency_ms)
        if budget_ms < least_ms:
            found.append(Promise(None, f"the fastest configuration takes {least_ms:.4g} ms"))
        elif known.mean() < LEAST_MEASURED:
            found.append(Promise(None, f"the profile has numbers for {known.mean():.0%} of what is chosen"))
        else:
            found.append(Promise(budget_point(accuracy[known], latency_ms[known] + overhead_ms, budget_ms)))
    return found
