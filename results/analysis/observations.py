"""What the settings of comparable sweeps came to, and which of them are the best quarter.

A setting that diverged before it had a score counts as the worst; one that failed for reasons of its own, or still
runs, tells nothing yet.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.analysis.seed_groups import SeedGroup
from results.record.ranking import sign
from trainable.contract import TrialStatus

ALPHA = 0.05


@dataclass(frozen=True)
class Observation:
    """A setting and what came of it."""

    setting: Mapping[str, Any]
    value: float
    """More is better."""
    trials: int = 1


def observations(groups: Sequence[SeedGroup], mode: str) -> list[Observation]:
    """One for each setting that has ended."""
    scored = [
        Observation(group.setting, sign(mode) * group.score.mean, len(group.trials))
        for group in groups
        if group.score and group.counted[0].rank_of_evidence > 0
    ]
    worst = min((observation.value for observation in scored), default=0.0)
    diverged = [
        Observation(group.setting, worst, len(group.trials))
        for group in groups
        if not group.score and any(trial.status is TrialStatus.DIVERGED for trial in group.trials)
    ]
    return scored + diverged


def best_quarter_places(values: Sequence[float]) -> list[int]:
    """Where the best quarter of the values lies; those equal to its last belong to it."""
    limit = sorted(values, reverse=True)[max(1, len(values) // 4) - 1]
    return [place for place, value in enumerate(values) if value >= limit]


def why_no_best_quarter(values: Sequence[float], unit: str, tests: int) -> str | None:
    """The reason in words; None when the best quarter can be told from the rest."""
    n = len(values)
    if n < _fewest(tests):
        return f"{n} {unit} that ended are too few (at least {_fewest(tests)} are needed)"
    best = len(best_quarter_places(values))
    if best == n:
        return f"all {n} {unit} have the same score"
    if best > n / 2:
        return f"{best} of {n} {unit} share a score among the best"
    return None


def unit_of(observed: Sequence[Observation]) -> str:
    return "trials" if all(observation.trials == 1 for observation in observed) else "settings"


def _fewest(tests: int) -> int:
    """Trials from which on the clearest possible difference in one of so many hyperparameters is significant."""
    n = 4
    while 2 / math.comb(n, n // 4) > ALPHA / tests:
        n += 1
    return n
