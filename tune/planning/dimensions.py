"""A search space as the sweep's record holds it: without Optuna, for whoever draws the sweep."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from results.record.space import CATEGORICAL, FLOAT, INT, Dimension, Space
from search_spaces.choose import SearchSpace


def dimensions(space: SearchSpace) -> Space:
    described = {}
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            described[name] = Dimension(CATEGORICAL, choices=tuple(distribution.choices))
        else:
            assert isinstance(distribution, (FloatDistribution, IntDistribution)), distribution
            kind = FLOAT if isinstance(distribution, FloatDistribution) else INT
            described[name] = Dimension(kind, distribution.low, distribution.high, distribution.log, distribution.step)
    return described
