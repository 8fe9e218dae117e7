"""What was promised for each budget beside what was measured, for the policy and for what can be had without one.

Letters: `S` questions, `R` samples of the profile, `Q` budgets, `F` fixed configurations that ran.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainable.profiles.baselines import budget_points
from trainable.profiles.budget_points import BudgetPoint
from trainable.profiles.image_split import VALIDATION
from trainable.profiles.table import Profile
from trainable.serving.budgets import Budget
from trainable.serving.execution import Executed
from trainable.serving.promises import Promise, promises, share_measured

POLICY, FULL = "policy", "full model"


@dataclass(frozen=True)
class Line:
    """What one way to choose was to achieve under one budget, and what it did."""

    chooser: str
    budget: Budget
    """As the user gave it."""
    promise: Promise
    measured: BudgetPoint


@dataclass(frozen=True)
class PromisedFor:
    """Whose numbers in the profile are promised."""

    rows: np.ndarray
    """Samples of the profile, [R]."""
    choices: np.ndarray
    """Of the policy, [R, Q]."""
    in_words: str


def promised_for(
    profile: Profile, num_asked: int, rows: np.ndarray, choices: np.ndarray, of_validation: np.ndarray
) -> PromisedFor:
    """The very samples that are asked, where the profile has all that is chosen for them; else its validation samples.

    Args:
        num_asked: how many questions are asked.
        rows: those of them that the profile has, as its samples.
        choices: of the policy for them, [len(rows), Q].
        of_validation: of the policy for the profile's validation samples.
    """
    if len(rows) == num_asked and share_measured(profile, rows, choices) == 1:
        return PromisedFor(rows, choices, "promised from the profile's numbers for the same questions")
    validation = profile.samples(VALIDATION)
    return PromisedFor(
        validation,
        of_validation,
        f"promised from {len(validation):,} validation samples of the profile, which does not hold what the policy "
        "chooses for all of these questions",
    )


def judged(
    profile: Profile,
    budgets: Sequence[Budget],
    budgets_ms: np.ndarray,
    promised: PromisedFor,
    baselines: Mapping[str, np.ndarray],
    fixed: Sequence[int],
    executed: Executed,
    overhead_ms: float,
) -> list[Line]:
    """Budget by budget, the policy first.

    Args:
        profile: in this machine's ms.
        budgets: [Q]. budgets_ms: likewise, in ms.
        baselines: a configuration under each budget, [Q], by name.
        fixed: the configurations that ran, [F].
        overhead_ms: of the policy, expected.
    """
    rows = promised.rows
    of_policy = promises(profile, rows, promised.choices, budgets_ms, overhead_ms)
    measured = {POLICY: budget_points(executed.accuracy, executed.latency_ms, budgets_ms)}
    told = {POLICY: of_policy}
    for name, chosen in baselines.items():
        columns = [list(fixed).index(configuration) for configuration in chosen.tolist()]
        measured[name] = budget_points(
            executed.fixed_accuracy[:, columns], executed.fixed_latency_ms[:, columns], budgets_ms
        )
        told[name] = promises(profile, rows, np.tile(chosen, (len(rows), 1)), budgets_ms, overhead_ms=0.0)
    return [
        Line(name, budget, told[name][place], measured[name][place])
        for place, budget in enumerate(budgets)
        for name in (POLICY, *baselines)
    ]
