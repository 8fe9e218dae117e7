"""What comparable sweeps came to: the winner, and by how much it beats the starting values and the baselines.

The winner is the setting with the best score. Where settings were confirmed under seeds of their own, it is the best
of those: a mean over seeds that nobody chose by says more than the best of many trials.
"""

from dataclasses import dataclass

from results.analysis.best_policy import baselines, best_policy, mean_parts
from results.analysis.comparison import Comparison
from results.analysis.seed_groups import Estimate, SeedGroup, gain
from results.record.ranking import sign
from results.record.sweeps import SweepRecord
from trainable.score_parts import BestPolicy, ScoreParts, interval

CONFIRMED = 3
"""`rank_of_evidence` of a trial that confirms."""


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
    """Something the winner is compared with."""

    name: str
    score: float
    low: float
    high: float
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

    @property
    def is_confirmed(self) -> bool:
        """Whether the winner's score is a mean over seeds that it was not chosen by."""
        return self.winner is not None and _is_confirmed(self.winner)


def summarise(comparison: Comparison) -> Findings:
    """What comparable sweeps came to."""
    scored = [group for group in comparison.groups if group.score]
    winner = next((group for group in scored if _is_confirmed(group)), scored[0] if scored else None)
    start = comparison.starting_values
    start = start if start and start.score else None
    return Findings(
        comparison,
        winner,
        start,
        gain=_gain_over(start, winner, comparison.mode) if winner and start and start is not winner else None,
        baselines=_baseline_gains(winner, comparison.records[0]) if winner else (),
    )


def best_policies(group: SeedGroup) -> list[BestPolicy | None]:
    """Of each counted trial."""
    return [best_policy(trial.sweep, trial.trial) for trial in group.counted]


def _parts(group: SeedGroup) -> ScoreParts | None:
    return mean_parts([policy.parts if policy else None for policy in best_policies(group)])


def _is_confirmed(group: SeedGroup) -> bool:
    return bool(group.score) and len(group.counted) > 1 and group.counted[0].rank_of_evidence == CONFIRMED


def _gain_over(start: SeedGroup, winner: SeedGroup, mode: str) -> Gain | None:
    over_seeds = gain(winner, start)
    if over_seeds is None:
        return None
    if over_seeds.half_width is not None:
        return _over_seeds(over_seeds, mode)
    return _over_parts(over_seeds.mean, _parts(winner), _parts(start), mode)


def _over_seeds(estimate: Estimate, mode: str) -> Gain:
    value, half_width = sign(mode) * estimate.mean, estimate.half_width or 0.0
    return Gain(value, value - half_width, value + half_width, "seed", estimate.n)


def _over_parts(difference: float, ours: ScoreParts | None, theirs: ScoreParts | None, mode: str) -> Gain:
    if ours is None or theirs is None or len(ours.sums) != len(theirs.sums):
        return Gain(sign(mode) * difference)
    low, high = sorted(sign(mode) * end for end in interval(ours, theirs))
    return Gain(sign(mode) * difference, low, high, ours.unit, len(ours.sums))


def _baseline_gains(winner: SeedGroup, record: SweepRecord) -> tuple[BaselineGain, ...]:
    """The winner beside each baseline, as the record lists them."""
    assert winner.score
    ours = _parts(winner)
    return tuple(
        BaselineGain(
            name=baseline.name,
            score=baseline.value,
            low=baseline.low,
            high=baseline.high,
            gain=_over_parts(winner.score.mean - baseline.value, ours, baseline.parts, record.mode),
        )
        for baseline in baselines(record)
    )
