"""Optuna's samplers by name, each a function of the record: seeded for one proposal, and told all that it goes by.

Some of them keep a state from proposal to proposal. Here it is a small number in the proposal that it belongs to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import (
    BaseSampler,
    BruteForceSampler,
    GPSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.trial import FrozenTrial, TrialState

from search_spaces.reading.searched import SearchSpace
from trainable.contract import UserError
from trainable.ranking import Objective
from trainable.runs.code_faults import called
from tune.sampling.names import CMAES, GP, GRID, NSGA2, QMC, RANDOM, TPE
from tune.sampling.replayed_cma import ReplayedCMA

RANDOM_PROPOSALS = 6
"""Before the first that TPE or the Gaussian process makes; of 16 trials, Optuna's own 10 would leave them six."""
POPULATION = 8
"""Of NSGA-II: Optuna's own 50 are more trials than most sweeps have, and what comes before the second generation is
random."""

SamplerFunction = Callable[[optuna.Study, int, int], BaseSampler]
"""What a user writes: a study, a seed, the proposal's number -> a sampler."""


@dataclass(frozen=True)
class ChosenSampler:
    """What proposes: one of SAMPLERS, or a function of the user's."""

    name: str
    function: SamplerFunction | None = None

    @property
    def tells_rungs(self) -> bool:
        """Whether it compares trials at the rungs that they came to."""
        return self.name == TPE

    @property
    def learns(self) -> bool:
        """Whether it goes by the trials before."""
        return self.name != RANDOM

    @property
    def takes_few(self) -> bool:
        """Whether some hundreds of trials tell it as much as thousands; of others, each trial has its place in what
        they keep."""
        return self.name in (TPE, GP)

    @property
    def keeps_state(self) -> bool:
        """Whether what it leaves with a trial and its study has to be there again for the next proposal."""
        return self.function is not None or self.name in (CMAES, NSGA2, QMC)

    def fault(self, space: SearchSpace, objective: Objective) -> str:
        """Why it cannot search that, and what to do; empty where it can."""
        distributions = space.distributions
        if self.name == GRID:
            for name, one in distributions.items():
                if isinstance(one, FloatDistribution) and one.step is None and not one.single():
                    return f"tries every value, and {name} has no end of them; give it a step or choices, or take qmc"
        if self.name == CMAES:
            if len(objective.metrics) > 1:
                return "has one objective; take tpe, gp or nsga2 for several"
            ranges = [one for one in distributions.values() if not isinstance(one, CategoricalDistribution)]
            if sum(not one.single() for one in ranges) < 2:
                return "needs at least two hyperparameters that are ranges; take tpe"
        return ""

    def built(self, study: optuna.Study, seed: int, seed_of_all: int, number: int, attempt: int) -> BaseSampler:
        """The sampler of one proposal.

        Args:
            study: what it is told.
            seed: the proposal's.
            seed_of_all: the same for all proposals, of those that are points of one sequence.
            number: the proposal's.
            attempt: how many proposals of that number were refused.

        Raises:
            CodeFault: the user's function raised.
            UserError: it gave what is no sampler.
        """
        if self.function:
            sampler = called(f"sampler {self.name}", self.function, study, seed, number)
            if not isinstance(sampler, BaseSampler):
                raise UserError(
                    f"sampler {self.name} gave {sampler!r:.80}; it must give an Optuna sampler, such as "
                    "optuna.samplers.TPESampler(seed=seed)"
                )
            return sampler
        match self.name:
            case "tpe":
                return TPESampler(seed=seed, n_startup_trials=RANDOM_PROPOSALS, constant_liar=True)
            case "gp":
                return GPSampler(seed=seed, n_startup_trials=RANDOM_PROPOSALS)
            case "cmaes":
                return ReplayedCMA(seed=seed)
            case "nsga2":
                return _Generations(population_size=POPULATION, seed=seed)
            case "grid":
                return BruteForceSampler(seed=seed)
            case "qmc":
                return _NextPoint(attempt, seed=seed_of_all)
            case _:
                return RandomSampler(seed=seed)


def is_used_up(study: optuna.Study) -> bool:
    """Whether a grid has no value left that was not tried, is not running, and was not refused.

    Reaches into optuna 5.0's BruteForceSampler, which tells so only to a study that it can stop.
    """
    from optuna.samplers._brute_force import _TreeNode

    tree = _TreeNode()
    BruteForceSampler._populate_tree(tree, study.get_trials(deepcopy=False), {})
    return not tree.is_any_expandable(exclude_running=True)


class _Generations(NSGAIISampler):
    """NSGA-II whose parents are chosen anew each time, and come from all trials.

    Optuna's own remembers them by numbers of its storage, and knows no trial that it did not draw itself: of those
    (starting values, a prior's draws) the first generation is made.
    """

    def get_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return [trial for trial in complete if trial.system_attrs.get(self._get_generation_key(), 0) == generation]

    def get_parent_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        return self.select_parent(study, generation) if generation else []


class _NextPoint(QMCSampler):
    """The next point of one scrambled Sobol sequence: the trials say which have been.

    Optuna's own counts in the study, where one that was refused is not.
    """

    _POINT = "qmc:point"

    def __init__(self, attempt: int, seed: int) -> None:
        super().__init__(scramble=True, seed=seed, warn_independent_sampling=False)
        self._attempt, self._point = attempt, 0

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        points: list[int] = [one.system_attrs.get(self._POINT, -1) for one in study.get_trials(deepcopy=False)]
        self._point = max(points) + 1 + self._attempt
        study._storage.set_trial_system_attr(trial._trial_id, self._POINT, self._point)
        return super().sample_relative(study, trial, search_space)

    def _find_sample_id(self, study: optuna.Study, search_space: dict[str, BaseDistribution]) -> int:
        return self._point
