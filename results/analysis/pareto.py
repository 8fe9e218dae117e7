"""What is traded for what: settings by how many others beat them in all objectives at once, and how far they reach.

With one objective the second is what the kind of run says that a better score may cost. All are taken where the score
is: at the epoch that stands for a trial, since that is the checkpoint which would be used.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from results.analysis.seed_groups import SeedGroup
from trainable.pareto import fronts, hypervolume, reference_point
from trainable.ranking import Objective, sign


@dataclass(frozen=True)
class TradeOff:
    """Settings that satisfy the constraints, by non-dominated rank."""

    axes: Objective
    fronts: tuple[tuple[SeedGroup, ...], ...]
    """The Pareto set, which nobody beats without paying for it, first; in each the best by the first objective first.
    None where there is nothing to trade, or no trial reports it."""
    hypervolume: float = 0.0
    """Between the Pareto set and the reference, in the product of the metrics' units."""
    reference: tuple[float, ...] = ()
    """As values of the metrics: a tenth of the range behind the worst of all settings."""

    @property
    def pareto_set(self) -> tuple[SeedGroup, ...]:
        return self.fronts[0] if self.fronts else ()

    def front_of(self, group: SeedGroup) -> int | None:
        """1 for one of the Pareto set; None where it has no such rank, as one that violates a constraint."""
        places = (count for count, front in enumerate(self.fronts, start=1) if any(one is group for one in front))
        return next(places, None)


def trade_off_between(groups: Iterable[SeedGroup], axes: Objective) -> TradeOff:
    """
    Args:
        axes: two objectives or more.
    """
    rows = [(group, group.mean_row(axes)) for group in groups]
    ranked = [(group, axes.losses(row)) for group, row in rows if row and axes.ranks(row) and axes.excess(row) == 0]
    if not ranked:
        return TradeOff(axes, ())
    losses = [of_group for _, of_group in ranked]
    by_rank = fronts(losses)
    reference = reference_point(losses)
    return TradeOff(
        axes,
        tuple(tuple(ranked[index][0] for index in front) for front in by_rank),
        hypervolume([losses[index] for index in by_rank[0]], reference),
        tuple(-sign(mode) * loss for mode, loss in zip(axes.modes, reference, strict=True)),
    )
