"""How much better a setting is than another one, and than the baselines, with 95 % intervals.

An interval is over the seeds that two settings share, where there are several; else over what their best epochs were
judged on, where the run tells. Both are paired: what makes a seed or an image hard for both does not widen it.
"""

from dataclasses import dataclass

from results.analysis.details import comparable_baselines, mean_parts, score_parts
from results.analysis.seed_groups import SeedGroup, estimate
from results.record.sweeps import SweepRecord
from trainable.ranking import sign
from trainable.score_parts import Baseline, ScoreParts, interval


@dataclass(frozen=True)
class Gain:
    """How much better a setting is than something else; above 0 is better, whatever the metric's mode."""

    value: float
    low: float | None = None
    high: float | None = None
    resampled: str = ""
    """What the 95 % interval is over: 'seed', 'image' or whatever the run's data is made of; empty without one."""
    drawn: int = 0
    """How many of them."""

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class BaselineGain:
    """A baseline, and the winner's gain over it."""

    baseline: Baseline
    gain: Gain


def gain_over(other: SeedGroup, ours: SeedGroup, mode: str) -> Gain:
    """Of one setting with a score over another one with a score."""
    assert ours.score
    assert other.score
    theirs = {trial.seed: trial.score for trial in other.counted}
    pairs = [(trial.score, theirs[trial.seed]) for trial in ours.counted if trial.seed in theirs]
    differences = [sign(mode) * (one - another) for one, another in pairs if one is not None and another is not None]
    if len(differences) < 2:
        return _over_parts(ours.score.mean - other.score.mean, _parts(ours), _parts(other), mode)
    over_seeds = estimate(differences)
    reach = over_seeds.half_width or 0.0
    return Gain(over_seeds.mean, over_seeds.mean - reach, over_seeds.mean + reach, "seed", over_seeds.n)


def baseline_gains(winner: SeedGroup, record: SweepRecord) -> tuple[BaselineGain, ...]:
    """The winner beside each baseline, as the record lists them."""
    assert winner.score
    score, ours = winner.score.mean, _parts(winner)
    return tuple(
        BaselineGain(baseline, _over_parts(score - baseline.value, ours, baseline.parts, record.mode))
        for baseline in comparable_baselines(record)
    )


def _parts(group: SeedGroup) -> ScoreParts | None:
    return mean_parts([score_parts(trial.sweep, trial.trial) for trial in group.counted])


def _over_parts(difference: float, ours: ScoreParts | None, theirs: ScoreParts | None, mode: str) -> Gain:
    if ours is None or theirs is None or len(ours.sums) != len(theirs.sums):
        return Gain(sign(mode) * difference)
    low, high = sorted(sign(mode) * end for end in interval(ours, theirs))
    return Gain(sign(mode) * difference, low, high, ours.unit, len(ours.sums))
