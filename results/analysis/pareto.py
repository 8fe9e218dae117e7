"""The Pareto set: settings that no other one beats in the score without more violations.

Violations are taken where the score is: at the best epoch, since that is the policy which would be deployed.
"""

from collections.abc import Iterable

from results.analysis.seed_groups import SeedGroup
from trainable import contract
from trainable.ranking import sign

VIOLATIONS = contract.VAL_VIOLATION_RATE


def pareto_set(groups: Iterable[SeedGroup], mode: str) -> list[SeedGroup]:
    """Best score first; none where no trial reports violations.

    Args:
        mode: whether more ('max') or less ('min') of the score is better.
    """
    points = [
        (-sign(mode) * group.score.mean, violations, group)
        for group in groups
        if group.score and (violations := group.mean_of(VIOLATIONS)) is not None
    ]
    points.sort(key=lambda point: point[:2])
    kept: list[tuple[float, float, SeedGroup]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1] or point[:2] == kept[-1][:2]:
            kept.append(point)
    return [group for *_, group in kept]
