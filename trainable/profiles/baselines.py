"""What can be had on a profile without a policy: random, best fixed configuration, lookup table, per-sample oracle.

What is chosen is chosen on the training samples, at the very budgets it is judged at; the oracle chooses in hindsight.
Letters: `S` samples, `C` configurations, `Q` budgets.
"""

import numpy as np

from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile
from trainable.score_parts import Baseline, BudgetPoint, ScoreParts, interval

RANDOM, BEST_FIXED, LOOKUP_TABLE, ORACLE = "random", "best fixed", "lookup table", "oracle"


def baselines(profile: Profile, split: int) -> tuple[Baseline, ...]:
    """The four baselines on a split, worst first, with 95 % intervals and what each achieves under each budget."""
    images = profile.images(split)
    points = baselines_under_budgets(profile, split, profile.budget_grid_ms)
    found = []
    for name, values in per_sample(profile, split).items():
        parts = parts_by_image(values, images)
        found.append(Baseline(name, float(np.nanmean(values)), *interval(parts), tuple(points[name]), parts))
    return tuple(found)


def per_sample(profile: Profile, split: int) -> dict[str, np.ndarray]:
    """Each baseline's in-budget accuracy of each sample, the mean over the budget grid, float32 [S].

    NaN where its choice is not measured.
    """
    table = in_budget_accuracy(profile, split, profile.budget_grid_ms)  # [S, C, Q]
    best_fixed, best_per_budget = _best_in_training(profile, profile.budget_grid_ms)
    return {
        RANDOM: np.nanmean(table, axis=(1, 2)),
        BEST_FIXED: table[:, best_fixed].mean(axis=1),
        LOOKUP_TABLE: table[:, best_per_budget, np.arange(table.shape[2])].mean(axis=1),
        ORACLE: np.nanmax(table, axis=1).mean(axis=1),
    }


def baselines_under_budgets(profile: Profile, split: int, budgets_ms: np.ndarray) -> dict[str, list[BudgetPoint]]:
    """Each baseline's entries, one per budget; random is every measured configuration in turn."""
    rows = profile.samples(split)
    accuracy, latency_ms = profile.accuracy[rows], profile.latency_ms[rows]
    best_fixed, best_per_budget = _best_in_training(profile, budgets_ms)
    choices = {
        BEST_FIXED: np.full((len(rows), len(budgets_ms)), best_fixed),
        LOOKUP_TABLE: np.tile(best_per_budget, (len(rows), 1)),
        ORACLE: oracle_choices(profile, split, budgets_ms),
    }
    return {
        RANDOM: [budget_point(accuracy, latency_ms, budget_ms) for budget_ms in budgets_ms],
        **{name: points_of_choices(profile, split, chosen, budgets_ms) for name, chosen in choices.items()},
    }


def _best_in_training(profile: Profile, budgets_ms: np.ndarray) -> tuple[int, np.ndarray]:
    """The configuration that is best on the training samples over all budgets, and that under each, int64 [Q]."""
    means = mean_of_measured(in_budget_accuracy(profile, TRAIN, budgets_ms))  # [C, Q]
    return int(np.nanargmax(means.mean(axis=1))), np.nanargmax(means, axis=0)


def oracle_choices(profile: Profile, split: int, budgets_ms: np.ndarray) -> np.ndarray:
    """In hindsight, the fastest of each sample's best configurations under each budget, int64 [S, Q]."""
    table = np.nan_to_num(in_budget_accuracy(profile, split, budgets_ms), nan=-1.0)  # [S, C, Q]
    latency_ms = np.nan_to_num(profile.latency_ms[profile.samples(split)], nan=np.inf)[:, :, None]  # [S, C, 1]
    best = table == table.max(axis=1, keepdims=True)
    choices: np.ndarray = np.where(best, latency_ms, np.inf).argmin(axis=1)
    return choices


def in_budget_accuracy(profile: Profile, split: int, budgets_ms: np.ndarray) -> np.ndarray:
    """Accuracy where the answer comes within the budget, else 0; NaN where not measured, float32 [S, C, Q]."""
    rows = profile.samples(split)
    late = profile.latency_ms[rows, :, None] > budgets_ms.astype(np.float32)
    return np.where(late, np.float32(0.0), profile.accuracy[rows, :, None])


def points_of_choices(profile: Profile, split: int, choices: np.ndarray, budgets_ms: np.ndarray) -> list[BudgetPoint]:
    """What is achieved under each budget.

    Args:
        choices: a configuration for each sample of the split under each budget, int64 [S, Q].
        budgets_ms: [Q].
    """
    rows = profile.samples(split)[:, None]
    return budget_points(profile.accuracy[rows, choices], profile.latency_ms[rows, choices], budgets_ms)


def budget_points(accuracy: np.ndarray, latency_ms: np.ndarray, budgets_ms: np.ndarray) -> list[BudgetPoint]:
    """One entry per budget, from what came of the choices made under each, [S, Q], [S, Q], [Q]."""
    return [budget_point(*of_budget) for of_budget in zip(accuracy.T, latency_ms.T, budgets_ms, strict=True)]


def budget_point(accuracy: np.ndarray, latency_ms: np.ndarray, budget_ms: float) -> BudgetPoint:
    """Means over numbers in any shape, NaN where not measured."""
    measured = ~np.isnan(latency_ms)
    accuracy, latency_ms = accuracy[measured].astype(np.float64), latency_ms[measured]
    late = latency_ms > np.float32(budget_ms)
    return BudgetPoint(
        budget_ms=float(budget_ms),
        in_budget_accuracy=float((accuracy * ~late).mean()),
        accuracy=float(accuracy.mean()),
        latency_ms=float(latency_ms.mean(dtype=np.float64)),
        p95_latency_ms=float(np.percentile(latency_ms, 95)),
        violation_rate=float(late.mean()),
    )


def mean_of_measured(table: np.ndarray) -> np.ndarray:
    """Mean over samples, [S, ...] -> float64 [...]; NaN where none was measured."""
    counts = (~np.isnan(table)).sum(axis=0)
    sums = np.nansum(table, axis=0, dtype=np.float64)
    means: np.ndarray = np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means


def parts_by_image(values: np.ndarray, images: np.ndarray) -> ScoreParts:
    """A score by whole images: questions about one image are not independent.

    Args:
        values: [S], NaN where there is none. images: image of each sample, [S].
    """
    _, image = np.unique(images, return_inverse=True)
    sums = np.bincount(image, weights=np.nan_to_num(values))  # [I]
    counts = np.bincount(image, weights=~np.isnan(values)).astype(np.int64)  # [I]
    return ScoreParts("image", tuple(sums.tolist()), tuple(counts.tolist()))
