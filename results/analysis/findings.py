"""What comparable sweeps came to: the winner, and by how much it beats the starting values and the baselines.

The winner is the setting with the best score. Where settings were confirmed under seeds of their own, it is the best
of those: a mean over seeds that nobody chose by says more than the best of many trials.
"""

from dataclasses import dataclass

from results.analysis.best_policy import baselines, best_policy, mean_parts
from results.analysis.comparison import Comparison
from results.analysis.seed_groups import SeedGroup, gain
from results.record.ranking import sign
from trainable.score_parts import Baseline, BestPolicy, ScoreParts, interval


@dataclass(frozen=True)
class Gain:
    """How much better the winner is than something else; above 0 is better, whatever the metric's mode."""

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


@dataclass(frozen=True)
class Findings:
    """Of one sweep, or of several whose scores can be compared."""

    comparison: Comparison
    winner: SeedGroup | None
    start: SeedGroup | None
    """The starting values; None where they have no score."""
    gain: Gain | None
    """Of the winner over the starting values; None where they are the winner."""
    baselines: tuple[BaselineGain, ...]


def summarise(comparison: Comparison) -> Findings:
    """What comparable sweeps came to."""
    scored = [group for group in comparison.groups if group.score]
    winner = next((group for group in scored if group.is_confirmed), scored[0] if scored else None)
    start = comparison.starting_values
    start = start if start and start.score else None
    return Findings(
        comparison,
        winner,
        start,
        gain=_gain_over(start, winner, comparison.mode) if winner and start and start is not winner else None,
        baselines=_baseline_gains(winner, comparison) if winner else (),
    )


def best_policies(group: SeedGroup) -> list[BestPolicy | None]:
    """Of each counted trial."""
    return [best_policy(trial.sweep, trial.trial) for trial in group.counted]


def _parts(group: SeedGroup) -> ScoreParts | None:
    return mean_parts([policy.parts if policy else None for policy in best_policies(group)])


def _gain_over(start: SeedGroup, winner: SeedGroup, mode: str) -> Gain | None:
    """Over seeds where both ran under the same ones, else over what their best policies were judged on."""
    over_seeds = gain(winner, start)
    if over_seeds is None:
        return None
    if over_seeds.half_width is None:
        return _gain_over_parts(over_seeds.mean, _parts(winner), _parts(start), mode)
    value = sign(mode) * over_seeds.mean
    return Gain(value, value - over_seeds.half_width, value + over_seeds.half_width, "seed", over_seeds.n)


def _gain_over_parts(difference: float, ours: ScoreParts | None, theirs: ScoreParts | None, mode: str) -> Gain:
    if ours is None or theirs is None or len(ours.sums) != len(theirs.sums):
        return Gain(sign(mode) * difference)
    low, high = sorted(sign(mode) * end for end in interval(ours, theirs))
    return Gain(sign(mode) * difference, low, high, ours.unit, len(ours.sums))


def _baseline_gains(winner: SeedGroup, comparison: Comparison) -> tuple[BaselineGain, ...]:
    """The winner beside each baseline, as the first sweep's record lists them."""
    assert winner.score
    score, ours = winner.score.mean, _parts(winner)
    return tuple(
        BaselineGain(baseline, _gain_over_parts(score - baseline.value, ours, baseline.parts, comparison.mode))
        for baseline in baselines(comparison.records[0])
    )
