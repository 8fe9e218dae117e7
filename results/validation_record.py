"""The best policy of a trial in detail, where its run wrote that down, and how sure a difference between two is.

Letters: `I` validation images, `R` resamples.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.records import TrialRecord
from trainable import contract

RESAMPLES = 2000
CONFIDENCE_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class ValidationRecord:
    """One policy, or a baseline, on the validation images."""

    epoch: int | None
    """The policy's; None for a baseline."""
    budgets: tuple[Mapping[str, float], ...]
    """Under each budget of the grid: budget_ms, accuracy, latency_ms, violation_rate and so on."""
    image_scores: tuple[tuple[float, int], ...]
    """Of each image: sum of the objective over its samples, and their number; in one order for all on the same data."""


@dataclass(frozen=True)
class PairedGain:
    """A difference of two scores, with its 95 % interval over images."""

    value: float
    low: float
    high: float


def read_validation(trial: TrialRecord) -> ValidationRecord | None:
    """From the trial's newest checkpoint; None where there is none, or its run writes no such thing."""
    if not trial.checkpoint_epochs:
        return None
    folder = trial.folder / contract.checkpoint_folder_name(trial.checkpoint_epochs[-1])
    file = folder / contract.VALIDATION_FILE
    return _from_json(json.loads(file.read_text())) if file.exists() else None


def validation_of_baseline(baseline: Mapping[str, Any]) -> ValidationRecord | None:
    """One of data.json's baselines; None where its run does not know it in detail."""
    return _from_json(baseline) if baseline.get("image_scores") else None


def paired_gain(better: ValidationRecord, over: ValidationRecord) -> PairedGain:
    """How much higher a score is on the same images: whole images are resampled, both scores on the same ones.

    Questions about one image are not independent of each other, and what is hard for one policy is for the other.
    """
    import numpy as np

    ours, theirs = np.array(better.image_scores), np.array(over.image_scores)  # [I, 2]
    drawn = np.random.default_rng(0).integers(len(ours), size=(RESAMPLES, len(ours)))  # [R, I]

    def mean(scores: Any) -> Any:
        totals = scores.sum(axis=-2)
        return totals[..., 0] / np.maximum(totals[..., 1], 1)

    low, high = np.percentile(mean(ours[drawn]) - mean(theirs[drawn]), CONFIDENCE_PERCENTILES)
    return PairedGain(float(mean(ours) - mean(theirs)), float(low), float(high))


def _from_json(content: Mapping[str, Any]) -> ValidationRecord:
    scores: Sequence[Sequence[Any]] = content["image_scores"]
    return ValidationRecord(
        content.get("epoch"), tuple(content["budgets"]), tuple((total, count) for total, count in scores)
    )
