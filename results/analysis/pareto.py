"""The Pareto set: settings that no other one beats in the score without giving way in a second metric.

The second metric is one of which less is better (violations, latency), taken where the score is: at the best epoch,
since that is the policy which would be deployed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.seed_groups import SeedGroup
from results.record.ranking import sign
from trainable import contract


@dataclass(frozen=True)
class ParetoSet:
    """The settings in it, best score first; none where no trial reports the second metric."""

    score_metric: str
    against: str
    groups: tuple[SeedGroup, ...]


def pareto_set(
    groups: Sequence[SeedGroup], metric: str, mode: str, against: str = contract.VAL_VIOLATION_RATE
) -> ParetoSet:
    """Of settings that are ranked best first.

    Args:
        metric, mode: what the score is, and whether more ('max') or less ('min') of it is better.
        against: the second metric; less is better.
    """
    points: list[tuple[float, float]] = []
    known: list[SeedGroup] = []
    for group in groups:
        second = group.mean_of(against)
        if group.score and second is not None:
            points.append((sign(mode) * group.score.mean, second))
            known.append(group)
    return ParetoSet(metric, against, tuple(known[place] for place in pareto_places(points)))


def pareto_places(points: Sequence[tuple[float, float]]) -> list[int]:
    """Places of the points (more is better, less is better) for which no other is as good in both and better in one."""
    best_first = sorted(range(len(points)), key=lambda place: (-points[place][0], points[place][1], place))
    kept: list[int] = []
    for place in best_first:
        more, less = points[place]
        if not kept or less < points[kept[-1]][1] or (more, less) == points[kept[-1]]:
            kept.append(place)
    return sorted(kept)
