"""A score taken apart by what is drawn as a whole when its interval is resampled, and that interval.

Parts come in the same order for whatever is judged on the same data, so the difference of two scores has a paired
interval: both are taken on the same draw each time, and what makes an image hard for both does not widen it.
"""

from dataclasses import dataclass

RESAMPLES = 2000
CONFIDENCE_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class ScoreParts:
    """The objective is sum(sums) / sum(counts)."""

    unit: str
    """What one part is, as a noun: 'image'."""
    sums: tuple[float, ...]
    counts: tuple[float, ...]


def interval(ours: ScoreParts, theirs: ScoreParts | None = None) -> tuple[float, float]:
    """Both ends of the 95 % interval of our score, or of ours minus theirs, by drawing whole parts.

    The percentile bootstrap (Efron and Tibshirani 1993, section 13.3); the same parts give the same interval.
    """
    import numpy as np  # not at the top: modules that only describe a run import this one

    judged = [ours, theirs] if theirs else [ours]
    sums, counts = (np.array([getattr(one, name) for one in judged]) for name in ("sums", "counts"))  # [1 or 2, parts]
    generator, number = np.random.default_rng(0), len(ours.sums)
    drawn = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(number, size=number), minlength=number)  # how often each part is drawn
        scores = (sums @ times) / np.maximum(counts @ times, 1e-9)
        drawn.append(scores[0] - scores[1] if theirs else scores[0])
    low, high = np.percentile(drawn, CONFIDENCE_PERCENTILES)
    return float(low), float(high)
