"""What can be had on a profile without a policy: random, best fixed configuration, lookup table, per-sample oracle.

What is chosen is chosen on the training samples, at the very budgets it is judged at; the oracle chooses in hindsight.
Like a policy, each keeps to what is measured for a sample: where its first choice is not, it takes the next best.
Letters: `S` samples, `C` configurations, `Q` budgets.
"""

import numpy as np

from trainable.profiles.budget_points import BudgetPoint, curves
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN
from trainable.profiles.table import Profile
from trainable.score_parts import Baseline, ScoreParts, interval

RANDOM, BEST_FIXED, LOOKUP_TABLE, ORACLE = "random", "best fixed", "lookup table", "oracle"

ROUNDS = 20
"""Of alternating means, in a table with holes."""
PERCENTILES = (50, 95, 99)
"""Of the latencies under a budget."""


def baselines(profile: Profile, split: int) -> tuple[Baseline, ...]:
    """The baselines on a split, worst first, with 95 % intervals and what each achieves under each budget."""
    images = profile.images(split)
    points = baselines_under_budgets(profile, split, profile.budget_grid_ms)
    found = []
    for name, values in per_sample(profile, split).items():
        parts = parts_by_image(values, images)
        found.append(Baseline(name, float(np.mean(values)), *interval(parts), parts, curves(points[name])))
    return tuple(found)


def per_sample(profile: Profile, split: int) -> dict[str, np.ndarray]:
    """Each baseline's in-budget accuracy of each sample, the mean over the budget grid, float32 [S]."""
    table = in_budget_accuracy(profile, split, profile.budget_grid_ms)  # [S, C, Q]
    rows, budgets = np.ogrid[: table.shape[0], : table.shape[2]]
    chosen = _choices(profile, split, profile.budget_grid_ms)
    return {
        RANDOM: np.nanmean(table, axis=(1, 2)),
        **{name: table[rows, choices, budgets].mean(axis=1) for name, choices in chosen.items()},
    }


def baselines_under_budgets(profile: Profile, split: int, budgets_ms: np.ndarray) -> dict[str, list[BudgetPoint]]:
    """Each baseline's entries, one per budget; random is every configuration that a sample has, in turn."""
    rows = profile.samples(split)
    accuracy, latency_ms = profile.accuracy[rows], profile.latency_ms[rows]
    chosen = _choices(profile, split, budgets_ms)
    return {
        RANDOM: [budget_point(accuracy, latency_ms, budget_ms) for budget_ms in budgets_ms],
        **{name: points_of_choices(profile, split, choices, budgets_ms) for name, choices in chosen.items()},
    }


def missing_baselines(profile: Profile, split: int) -> str:
    """Which baselines do not exist on a split, and why, in words; nothing where all do."""
    unknown = int((~_known(profile, split).any(axis=1)).sum())
    if not unknown:
        return ""
    return (
        f"no baselines {BEST_FIXED} and {LOOKUP_TABLE}: {unknown:,} {SPLIT_NAMES[split]} samples have no configuration "
        "that a training sample has"
    )


def chosen_in_training(profile: Profile, budgets_ms: np.ndarray) -> dict[str, np.ndarray]:
    """What the baselines that know no sample take under each budget, for samples that no profile has, int64 [Q] each.

    The best fixed configuration is the best on average over these budgets, the lookup table's the best under each.
    """
    effects = _effects(in_budget_accuracy(profile, TRAIN, budgets_ms))  # [C, Q]
    best_fixed = np.nanargmax(effects.mean(axis=1))
    return {BEST_FIXED: np.full(len(budgets_ms), best_fixed), LOOKUP_TABLE: np.nanargmax(effects, axis=0)}


def full_configuration(profile: Profile) -> int:
    """Every knob at its dearest; of the training samples' slowest configuration where that was not measured."""
    means_ms = mean_of_measured(profile.latency_ms[profile.samples(TRAIN)])  # [C]
    return int(np.nanargmax(means_ms)) if np.isnan(means_ms[-1]) else len(means_ms) - 1


def _known(profile: Profile, split: int) -> np.ndarray:
    """Which configurations a sample has that are measured in training, too, bool [S, C]."""
    known: np.ndarray = profile.measured[profile.samples(split)] & profile.measured[profile.samples(TRAIN)].any(axis=0)
    return known


def _choices(profile: Profile, split: int, budgets_ms: np.ndarray) -> dict[str, np.ndarray]:
    """What the baselines that choose take for each sample under each budget, int64 [S, Q] each."""
    chosen = {ORACLE: oracle_choices(profile, split, budgets_ms)}
    known = _known(profile, split)[:, :, None]  # [S, C, 1]
    if known.any(axis=1).all():
        effects = _effects(in_budget_accuracy(profile, TRAIN, budgets_ms))  # [C, Q]
        overall = effects.mean(axis=1)  # [C]
        best_fixed = np.where(known[:, :, 0], overall, -np.inf).argmax(axis=1)  # [S]
        chosen = {
            BEST_FIXED: np.tile(best_fixed[:, None], len(budgets_ms)),
            LOOKUP_TABLE: np.where(known, effects, -np.inf).argmax(axis=1),
            **chosen,
        }
    return chosen


def _effects(table: np.ndarray) -> np.ndarray:
    """How good each configuration is, from [S, C, Q], up to a constant per budget; NaN where never measured, [C, Q].

    The mean over the samples. Where samples are measured under different configurations, what makes a sample hard
    under all of them is taken off first, lest a configuration look good that only easy samples have: the additive
    model of a table with holes, by alternating means.
    """
    effects = mean_of_measured(table)
    for _ in range(ROUNDS if np.isnan(table).any() else 0):
        of_samples = np.nanmean(table - effects, axis=1, keepdims=True)  # [S, 1, Q]
        effects = mean_of_measured(table - of_samples)
    return effects


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
    """Means over samples.

    Args:
        accuracy, latency_ms: of one choice for each sample, [S], or of several in turn, [S, n]; NaN where not measured.
    """
    in_time = latency_ms <= np.float32(budget_ms)
    measured = ~np.isnan(latency_ms)
    p50_ms, p95_ms, p99_ms = np.nanpercentile(latency_ms, PERCENTILES).tolist()

    def mean(values: np.ndarray) -> float:
        of_samples = np.nanmean(np.where(measured, values, np.nan).reshape(len(values), -1), axis=1, dtype=np.float64)
        return float(of_samples.mean())

    return BudgetPoint(
        budget_ms=float(budget_ms),
        in_budget_accuracy=mean(accuracy * in_time),
        accuracy=mean(accuracy),
        latency_ms=mean(latency_ms),
        p50_latency_ms=p50_ms,
        p95_latency_ms=p95_ms,
        p99_latency_ms=p99_ms,
        violation_rate=mean(~in_time),
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
        values: [S]. images: image of each sample, [S].
    """
    _, image = np.unique(images, return_inverse=True)
    return ScoreParts("image", tuple(np.bincount(image, weights=values).tolist()), tuple(np.bincount(image).tolist()))
