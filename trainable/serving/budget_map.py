"""From a budget on this machine to the one to ask the policy with, which was trained in the profile's ms."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BudgetMap:
    """A line through points; beyond its ends it stays at the last one's."""

    here_ms: tuple[float, ...]
    """Not falling; where equal ones stand for a step, it is taken at once (`numpy.interp` on such points)."""
    profile_ms: tuple[float, ...]
    """Not falling, one a point."""

    @classmethod
    def between(cls, profile_ms: np.ndarray, here_ms: np.ndarray) -> "BudgetMap":
        """From what each configuration takes in the profile and here, [C] and [C], NaN where not measured.

        What a budget in the profile's ms allows is every configuration up to it, so here it costs as much as the
        slowest of them: the map is the inverse of that running maximum.
        """
        order = np.argsort(profile_ms)[: np.count_nonzero(~np.isnan(profile_ms))]  # NaN is sorted last
        return cls(tuple(np.maximum.accumulate(here_ms[order]).tolist()), tuple(profile_ms[order].tolist()))

    def in_profile_ms(self, budget_here_ms: float) -> float:
        return float(np.interp(budget_here_ms, self.here_ms, self.profile_ms))
