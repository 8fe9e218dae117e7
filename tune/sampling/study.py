"""The record as Optuna's samplers read it: a study in memory, made anew for each proposal.

Optuna takes a trial that it was told of as final, and a paused one is not; and what is made of the record alone is the
same after an interruption as without one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces.reading.searched import SearchSpace
from trainable.ranking import Objective
from tune.sampling import told
from tune.sampling.told import ToldTrial

FURTHEST = 1e3
"""What a constraint is exceeded by where its metric is no number: a sampler computes with it."""

_STATES = {
    told.TrialState.RUNNING: TrialState.RUNNING,
    told.TrialState.COMPLETED: TrialState.COMPLETE,
    told.TrialState.FAILED: TrialState.FAIL,
}


def directions_of(objective: Objective) -> list[StudyDirection]:
    """Of each objective."""
    return [StudyDirection.MAXIMIZE if mode == "max" else StudyDirection.MINIMIZE for mode in objective.modes]


def study_of(
    trials: Sequence[ToldTrial],
    space: SearchSpace,
    objective: Objective,
    tells_rungs: bool,
    refused: Iterable[Mapping[str, Any]] = (),
) -> optuna.Study:
    """A study of these trials, in their order.

    Args:
        tells_rungs: whether a paused or stopped trial is told with the epoch it came to, so that it is compared with
            others there first; else it counts as one that ended with its best value so far. Of several objectives
            Optuna takes no value before the end, so there it always does. A trial with a value outside of the space is
            told in part; else, as most samplers search what all trials have, it is left out.
        refused: hyperparameters that no trial can have, of which the next proposal shall keep clear.
    """
    by_rungs = tells_rungs and len(objective.metrics) == 1
    study = optuna.create_study(directions=directions_of(objective))
    for trial in trials:
        params, distributions = _drawn(trial, space)
        if tells_rungs or _is_whole(params, space):
            study.add_trial(_frozen(trial, objective, by_rungs, params, distributions))
    for hyperparameters in refused:
        params, distributions = space.known(hyperparameters)
        if tells_rungs or _is_whole(params, space):
            study.add_trial(create_trial(state=TrialState.RUNNING, params=params, distributions=distributions))
    for attributes in (trial.proposal.study_attributes for trial in trials if trial.proposal):
        for name, value in attributes.items():
            _set_study_attribute(study, name, value)
    return study


def _frozen(
    trial: ToldTrial,
    objective: Objective,
    by_rungs: bool,
    params: dict[str, Any],
    distributions: dict[str, BaseDistribution],
) -> FrozenTrial:
    best = trial.best
    state = TrialState.PRUNED if by_rungs else TrialState.COMPLETE
    state = _STATES.get(trial.state, state)
    if best is None and state.is_finished():
        state = TrialState.FAIL
    has_values = best is not None and state is TrialState.COMPLETE
    is_told_at = best is not None and by_rungs and state in (TrialState.PRUNED, TrialState.RUNNING)
    return create_trial(
        state=state,
        values=[float(best[metric]) for metric in objective.metrics] if best and has_values else None,
        params=params,
        distributions=distributions,
        intermediate_values={trial.epochs: float(best[objective.metric])} if best and is_told_at else {},
        constraints={one.written: min(one.excess(best), FURTHEST) for one in objective.constraints} if best else None,
        system_attrs=dict(trial.proposal.trial_attributes) if trial.proposal else {},
    )


def _drawn(trial: ToldTrial, space: SearchSpace) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    """What a sampler can learn from in a trial's hyperparameters."""
    proposal = trial.proposal
    if not (space.function and proposal and proposal.params is not None):
        return space.known(trial.config)
    kept = {name: one for name, one in proposal.drawn_from.items() if _is_still(one, space.distributions.get(name))}
    return {name: proposal.params[name] for name in kept}, kept


def _is_still(recorded: BaseDistribution, now: BaseDistribution | None) -> bool:
    """Whether Optuna can take what a function drew from for what it draws from now: its file may have been edited."""
    try:
        check_distribution_compatibility(recorded, now or recorded)
    except ValueError:
        return False
    return True


def _is_whole(params: Mapping[str, Any], space: SearchSpace) -> bool:
    """Whether a sampler is told all of a trial: a function draws what it draws."""
    return bool(params) and (space.function is not None or params.keys() == space.distributions.keys())


def _set_study_attribute(study: optuna.Study, name: str, value: Any) -> None:
    """What a sampler keeps with a study; in optuna 5.0 its storage alone takes it."""
    study._storage.set_study_system_attr(study._study_id, name, value)


def attributes_left(study: optuna.Study, trial: optuna.Trial) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a sampler has left with a trial and with its study; in optuna 5.0 their storage alone tells."""
    storage = study._storage
    return dict(storage.get_trial_system_attrs(trial._trial_id)), dict(storage.get_study_system_attrs(study._study_id))
