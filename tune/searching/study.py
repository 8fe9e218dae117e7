"""The study that a sampler reads: in memory, made anew for each proposal from what is told of the trials before it."""

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from results.record.space import Space
from search_spaces.reading.searched import contains
from trainable.ranking import Objective
from tune.searching.told import ToldTrial
from tune.searching.told import TrialState as State

DIRECTIONS = {"max": StudyDirection.MAXIMIZE, "min": StudyDirection.MINIMIZE}


def study_of(told: Sequence[ToldTrial], space: Space, objective: Objective) -> optuna.Study:
    """A trial that was stopped or is paused is pruned, with its best value so far at its last epoch."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=[DIRECTIONS[mode] for mode in objective.modes])
    study.add_trials([_of_optuna(trial, space, objective) for trial in told])
    return study


def known_to_optuna(
    config: Mapping[str, Any], space: Space
) -> tuple[dict[str, BaseDistribution], dict[str, Any], dict[str, Any]]:
    """What Optuna can learn from, and the rest: a value outside of the space, as a starting value may be."""
    params = {name: value for name, value in config.items() if name in space and contains(space[name], value)}
    distributions = {name: space[name] for name in params}
    return distributions, params, {name: value for name, value in config.items() if name not in params}


def _of_optuna(trial: ToldTrial, space: Space, objective: Objective) -> FrozenTrial:
    distributions, params, others = known_to_optuna(trial.config, space)
    value = None if trial.best is None else float(trial.best[objective.metric])
    is_complete = trial.state is State.COMPLETED and value is not None
    return create_trial(
        state=_state(trial),
        value=value if is_complete else None,
        params=params,
        distributions=distributions,
        intermediate_values={} if value is None else {trial.epochs: value},
        user_attrs=others,
    )


def _state(trial: ToldTrial) -> TrialState:
    if trial.state is State.RUNNING:
        return TrialState.RUNNING
    if trial.state is State.FAILED or trial.best is None:
        return TrialState.FAIL
    return TrialState.COMPLETE if trial.state is State.COMPLETED else TrialState.PRUNED
