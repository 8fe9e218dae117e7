"""What can be had on a profile without a policy: random, best fixed configuration, lookup table, per-sample oracle.

Each is a value per sample, the mean over the budget grid of accuracy where the answer came in time. What is chosen is
chosen on the training samples. Letters: `S` samples, `C` configurations, `Q` budgets.
"""

import numpy as np

from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile
from trainable.score_parts import Baseline, ScoreParts, interval

RANDOM, BEST_FIXED, LOOKUP_TABLE, ORACLE = "random", "best fixed", "lookup table", "oracle"


def in_budget_accuracy(profile: Profile, samples: np.ndarray) -> np.ndarray:
    """Accuracy where the answer comes within the budget, else 0; NaN where not measured, float32 [S, C, Q]."""
    accuracy = profile.accuracy[samples, :, None]
    latency_ms = profile.latency_ms[samples, :, None]
    return np.where(np.isnan(latency_ms), np.nan, accuracy * (latency_ms <= profile.budget_grid_ms))


def per_sample(profile: Profile, split: int) -> dict[str, np.ndarray]:
    """Each baseline's in-budget accuracy of each sample of a split, float [S]; NaN where its choice is not measured."""
    measured = np.ma.masked_invalid(in_budget_accuracy(profile, profile.samples(TRAIN)))  # [S, C, Q]
    training = measured.mean(axis=0).filled(-1.0)  # [C, Q]; below all others where no training sample has it
    best_fixed = int(training.mean(axis=1).argmax())
    best_per_budget = training.argmax(axis=0)  # [Q]

    table = in_budget_accuracy(profile, profile.samples(split))  # [S, C, Q]
    budgets = np.arange(table.shape[2])
    return {
        RANDOM: np.nanmean(table, axis=(1, 2)),
        BEST_FIXED: table[:, best_fixed].mean(axis=1),
        LOOKUP_TABLE: table[:, best_per_budget, budgets].mean(axis=1),
        ORACLE: np.nanmax(table, axis=1).mean(axis=1),
    }


def baselines(profile: Profile, split: int) -> tuple[Baseline, ...]:
    """The four baselines on a split, worst first, with 95 % intervals."""
    images = profile.images(split)
    found = []
    for name, values in per_sample(profile, split).items():
        parts = parts_by_image(values, images)
        found.append(Baseline(name, float(np.nanmean(values)), *interval(parts), parts=parts))
    return tuple(found)


def parts_by_image(values: np.ndarray, images: np.ndarray) -> ScoreParts:
    """A score by whole images: questions about one image are not independent.

    Args:
        values: [S], NaN where there is none. images: image of each sample, [S].
    """
    _, image = np.unique(images, return_inverse=True)
    sums = np.bincount(image, weights=np.nan_to_num(values))  # [I]
    counts = np.bincount(image, weights=~np.isnan(values)).astype(np.int64)  # [I]
    return ScoreParts("image", tuple(sums.tolist()), tuple(counts.tolist()))
