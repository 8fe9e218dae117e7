"""The difference of two scores on the same data, with a 95 % interval by drawing whole parts, such as images.

Both scores are taken on the same draw each time, so what makes an image hard for both does not widen the interval.
"""

from dataclasses import dataclass

import numpy as np

from trainable.contract import ScoreParts

RESAMPLES = 2000
CONFIDENCE_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def paired_interval(ours: ScoreParts, theirs: ScoreParts) -> Interval:
    """Of our score minus theirs; the same parts give the same interval."""
    generator, number = np.random.default_rng(0), len(ours.sums)
    sums = np.array([ours.sums, theirs.sums])  # [2, parts]
    counts = np.array([ours.counts, theirs.counts])
    differences = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(number, size=number), minlength=number)  # how often each part is drawn
        our_score, their_score = (sums @ times) / np.maximum(counts @ times, 1e-9)
        differences.append(our_score - their_score)
    low, high = np.percentile(differences, CONFIDENCE_PERCENTILES)
    return Interval(float(low), float(high))
