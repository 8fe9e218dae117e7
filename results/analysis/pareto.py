"""The Pareto set: settings that no other one beats in the score without paying for it in what the score may cost.

That cost is taken where the score is: at the best epoch, since that is the checkpoint which would be used.
"""

from collections.abc import Iterable

from results.analysis.seed_groups import SeedGroup
from trainable.ranking import sign
from trainable.score_parts import Metric


def pareto_set(groups: Iterable[SeedGroup], mode: str, trade_off: Metric | None) -> list[SeedGroup]:
    """Best score first; none where there is nothing to trade, or no trial reports it.

    Args:
        mode: whether more ('max') or less ('min') of the score is better.
    """
    if not trade_off:
        return []
    points = [
        (-sign(mode) * group.score.mean, -sign(trade_off.direction) * cost, group)
        for group in groups
        if group.score and (cost := group.mean_of(trade_off.name)) is not None
    ]
    points.sort(key=lambda point: point[:2])
    kept: list[tuple[float, float, SeedGroup]] = []
    for point in points:
        if not kept or point[1] < kept[-1][1] or point[:2] == kept[-1][:2]:
            kept.append(point)
    return [group for *_, group in kept]
