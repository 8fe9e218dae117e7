"""Draws from a prior, as a sampler of Optuna's: what a space does with a sampler it does with a prior, too."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from search_spaces import Prior
from search_spaces.reading.searched import contains
from trainable.seeds import seed_of


class PriorSampler(BaseSampler):
    """Each hyperparameter from its prior, or from anywhere where it has none, whatever the trials before."""

    def __init__(self, prior: Mapping[str, Prior], *seed: int | str) -> None:
        """
        Args:
            seed: of the draw; each hyperparameter's own follows from it, whichever others there are.
        """
        self._prior, self._seed = prior, seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        seed = seed_of(*self._seed, param_name) % 2**32
        prior = self._prior.get(param_name)
        if prior is None or not contains(param_distribution, prior.centre):  # a function may draw it from elsewhere
            return RandomSampler(seed).sample_independent(study, trial, param_name, param_distribution)
        return drawn(prior, param_distribution, np.random.default_rng(seed))


def drawn(prior: Prior, distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    """A value of a distribution's."""
    if isinstance(distribution, CategoricalDistribution):
        others = [choice for choice in distribution.choices if choice != prior.centre]
        is_other = rng.random() < prior.width and others
        return others[rng.integers(len(others))] if is_other else prior.centre
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high, step = distribution.low, distribution.high, distribution.step
    # A value on a grid stands for half a step to each side of it; at the ends, too, or they would come half as often.
    margin = (step or 0) / 2
    ends = np.array([low - margin, high + margin, prior.centre], dtype=float)
    start, end, centre = np.log(ends) if distribution.log else ends
    while True:  # a normal distribution, none of it beyond the ends
        place = rng.normal(centre, prior.width * (end - start))
        if start <= place <= end:
            break
    value = float(np.exp(place) if distribution.log else place)
    if step:
        value = low + step * round((value - low) / step)
    value = min(max(value, low), high)
    return int(value) if isinstance(distribution, IntDistribution) else value
