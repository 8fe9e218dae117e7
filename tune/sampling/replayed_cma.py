"""CMA-ES whose distribution is found again from the trials that it was found from, generation after generation.

Optuna's own (5.0) keeps it pickled in the attributes of a trial; and a record that somebody was given is read, never
unpickled.
"""

from typing import Any

import optuna
from optuna._transform import _SearchSpaceTransform
from optuna.distributions import BaseDistribution
from optuna.samplers import CmaEsSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial


class ReplayedCMA(CmaEsSampler):
    """Reaches into optuna 5.0's sampler, which asks `_restore_optimizer` for what it has learnt so far."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed, warn_independent_sampling=False)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        self._searched, self._direction = search_space, study.direction
        return super().sample_relative(study, trial, search_space)

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> Any:
        """As it was told, of each generation in turn, the first so many of its solutions that have a value."""
        transform = _SearchSpaceTransform(self._searched, transform_step=True, transform_0_1=True)
        sign = 1 if self._direction is StudyDirection.MINIMIZE else -1
        optimizer = self._init_optimizer(transform, self._direction)
        while True:
            solutions = self._get_solution_trials(completed_trials, optimizer.generation)
            if len(solutions) < optimizer.population_size:
                return optimizer
            told = solutions[: optimizer.population_size]
            optimizer.tell([(transform.transform(trial.params), sign * trial.values[0]) for trial in told])
