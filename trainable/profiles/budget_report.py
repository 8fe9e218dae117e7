"""What a controller and the baselines achieve under each budget, on one split.

A baseline chooses on the training samples, at the very budgets it is judged at. Letters: `S` samples, `C`
configurations, `Q` budgets.
"""

import numpy as np

from trainable.profiles.baselines import BEST_FIXED, LOOKUP_TABLE, ORACLE, RANDOM
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile
from trainable.score_parts import BudgetPoint

FRACTIONS_OF_FULL = (0.35, 0.5, 0.7, 0.85, 1.0)
POLICY = "policy"
BASELINES = (RANDOM, BEST_FIXED, LOOKUP_TABLE, ORACLE)


def full_model_latency_ms(profile: Profile) -> float:
    """Mean latency over the training samples with every knob at its dearest; of the slowest where that is missing."""
    means = _mean_of_measured(profile.latency_ms[profile.samples(TRAIN)])  # [C]
    return float(np.nanmax(means) if np.isnan(means[-1]) else means[-1])


def under_budgets(profile: Profile, split: int, choices: np.ndarray, budgets_ms: np.ndarray) -> list[BudgetPoint]:
    """One entry per budget.

    Args:
        choices: a configuration for each sample of the split under each budget, int64 [S, Q].
        budgets_ms: [Q].
    """
    rows = profile.samples(split)[:, None]
    return by_budget(profile.accuracy[rows, choices], profile.latency_ms[rows, choices], budgets_ms)


def by_budget(accuracy: np.ndarray, latency_ms: np.ndarray, budgets_ms: np.ndarray) -> list[BudgetPoint]:
    """One entry per budget, from what came of the choices made under each, [S, Q], [S, Q], [Q]."""
    return [
        _summary(accuracy_of, latency_ms_of, float(budget_ms))
        for accuracy_of, latency_ms_of, budget_ms in zip(accuracy.T, latency_ms.T, budgets_ms, strict=True)
    ]


def baselines_under_budgets(profile: Profile, split: int, budgets_ms: np.ndarray) -> dict[str, list[BudgetPoint]]:
    """Each baseline's entries, one per budget; random is every measured configuration in turn."""
    training = np.stack([_mean_of_measured(_worth(profile, TRAIN, budget_ms)) for budget_ms in budgets_ms], axis=1)
    shape = (len(profile.samples(split)), len(budgets_ms))
    best_fixed = np.full(shape, np.nanargmax(training.mean(axis=1)))
    lookup_table = np.broadcast_to(np.nanargmax(training, axis=0), shape)
    rows = profile.samples(split)
    random = [_summary(profile.accuracy[rows], profile.latency_ms[rows], float(budget)) for budget in budgets_ms]
    return {
        RANDOM: random,
        BEST_FIXED: under_budgets(profile, split, best_fixed, budgets_ms),
        LOOKUP_TABLE: under_budgets(profile, split, lookup_table, budgets_ms),
        ORACLE: under_budgets(profile, split, oracle_choices(profile, split, budgets_ms), budgets_ms),
    }


def oracle_choices(profile: Profile, split: int, budgets_ms: np.ndarray) -> np.ndarray:
    """In hindsight, the fastest of each sample's best configurations under each budget, int64 [S, Q]."""
    latency_ms = np.nan_to_num(profile.latency_ms[profile.samples(split)], nan=np.inf)  # [S, C]
    chosen = []
    for budget_ms in budgets_ms:
        worth = np.nan_to_num(_worth(profile, split, budget_ms), nan=-1.0)  # [S, C]
        best = worth == worth.max(axis=1, keepdims=True)
        chosen.append(np.where(best, latency_ms, np.inf).argmin(axis=1))
    return np.stack(chosen, axis=1)


def fixed_configurations(profile: Profile, split: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean latency (ms) and mean accuracy of each configuration, [C] both; NaN where never measured."""
    rows = profile.samples(split)
    return _mean_of_measured(profile.latency_ms[rows]), _mean_of_measured(profile.accuracy[rows])


def _worth(profile: Profile, split: int, budget_ms: float) -> np.ndarray:
    """Accuracy where the answer comes in time, else 0; NaN where not measured, [S, C]."""
    rows = profile.samples(split)
    late = profile.latency_ms[rows] > np.float32(budget_ms)
    worth: np.ndarray = np.where(late, 0.0, profile.accuracy[rows])
    return worth


def _mean_of_measured(table: np.ndarray) -> np.ndarray:
    """Mean over samples, [S, C] -> [C]; NaN where a configuration has none."""
    counts = (~np.isnan(table)).sum(axis=0)
    sums = np.nansum(table, axis=0, dtype=np.float64)
    means: np.ndarray = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means


def _summary(accuracy: np.ndarray, latency_ms: np.ndarray, budget_ms: float) -> BudgetPoint:
    """Of numbers in any shape, NaN where not measured."""
    measured = ~np.isnan(latency_ms)
    accuracy, latency_ms = accuracy[measured].astype(np.float64), latency_ms[measured]
    late = latency_ms > np.float32(budget_ms)
    return BudgetPoint(
        budget_ms=budget_ms,
        in_budget_accuracy=float((accuracy * ~late).mean()),
        accuracy=float(accuracy.mean()),
        latency_ms=float(latency_ms.mean(dtype=np.float64)),
        p95_latency_ms=float(np.percentile(latency_ms, 95)),
        violation_rate=float(late.mean()),
    )
