"""What a validation was in detail: under each budget, and per image, so that two can be compared as a pair.

Questions about one image are not independent, so whoever asks how sure a difference is resamples whole images.
Letters: `S` samples, `C` configurations, `Q` budgets, `I` images.
"""

import dataclasses
from typing import Any

import numpy as np

from trainable.baselines import baselines, per_sample
from trainable.budget_report import baselines_under_budgets, summary_under_budget
from trainable.profile_table import Profile
from trainable.runs import Baseline, ImageScore


def detail(accuracy: np.ndarray, latency_ms: np.ndarray, budgets_ms: np.ndarray, images: np.ndarray) -> dict[str, Any]:
    """Plain numbers, ready for JSON.

    Args:
        accuracy, latency_ms: of each sample under each budget, [S, Q].
        budgets_ms: [Q]. images: image of each sample, [S].
    """
    under = [
        summary_under_budget(accuracy[:, place], latency_ms[:, place], float(budget_ms))
        for place, budget_ms in enumerate(budgets_ms)
    ]
    in_budget = (accuracy * (latency_ms <= budgets_ms)).mean(axis=1, dtype=np.float64)  # [S]
    return {
        "budgets": [dataclasses.asdict(entry) for entry in under],
        "image_scores": [list(score) for score in image_scores(in_budget, images)],
    }


def image_scores(values: np.ndarray, images: np.ndarray) -> tuple[ImageScore, ...]:
    """Sum of the values and number of samples of each image, by rising image id.

    Args:
        values: [S], NaN where there is none. images: image of each sample, [S].
    """
    _, image = np.unique(images, return_inverse=True)
    sums = np.bincount(image, weights=np.nan_to_num(values))  # [I]
    counts = np.bincount(image, weights=~np.isnan(values)).astype(int)  # [I]
    return tuple((float(total), int(count)) for total, count in zip(sums, counts, strict=True))


def images_of(profile: Profile, split: int) -> np.ndarray:
    """Image id of each sample of a split, [S]."""
    return np.array([profile.keys[sample].image_id for sample in profile.samples(split)])


def detailed_baselines(profile: Profile, split: int) -> tuple[Baseline, ...]:
    """The four baselines on the budget grid, worst first, each in detail."""
    images, values = images_of(profile, split), per_sample(profile, split)
    under = baselines_under_budgets(profile, split, profile.budget_grid_ms)
    return tuple(
        dataclasses.replace(
            baseline,
            budgets=tuple(dataclasses.asdict(entry) for entry in under[baseline.name]),
            image_scores=image_scores(values[baseline.name], images),
        )
        for baseline in baselines(profile, split)
    )
