"""The difference of two scores on the same data, with a 95 % interval by drawing whole parts, such as images.

Both scores are taken on the same draw each time, so what makes an image hard for both does not widen the interval.
"""

from dataclasses import dataclass

import numpy as np

from results.best_policy import ScoreParts

RESAMPLES = 4000
CONFIDENCE_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def paired_interval(ours: ScoreParts, theirs: ScoreParts) -> Interval:
    """Of our score minus theirs; the same parts give the same interval."""
    drawn = np.random.default_rng(0).integers(len(ours.sums), size=(RESAMPLES, len(ours.sums)))  # [R, parts]
    low, high = np.percentile(_scores(ours, drawn) - _scores(theirs, drawn), CONFIDENCE_PERCENTILES)
    return Interval(float(low), float(high))


def _scores(parts: ScoreParts, drawn: np.ndarray) -> np.ndarray:
    """The score on each draw, [R]; a draw of parts that all count nothing scores 0."""
    sums, counts = np.array(parts.sums), np.array(parts.counts)
    scores: np.ndarray = sums[drawn].sum(axis=1) / np.maximum(counts[drawn].sum(axis=1), 1e-9)
    return scores
