from dataclasses import replace

import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState as OptunaState
from searching import FIRST, HEIGHT, HEIGHT_AND_COST, SPACE

from trainable.ranking import read_constraint
from tune.sampling.study import study_of
from tune.sampling.told import ToldTrial, TrialState

ROW = {"height": 0.5, "cost": 12.0}


def told(state, best=ROW, **changed):
    return ToldTrial(FIRST | changed, state, 3, best)


def only(trial, objective=HEIGHT, tells_rungs=True):
    return study_of([trial], SPACE, objective, tells_rungs).trials[0]


@pytest.mark.parametrize("state", [TrialState.PAUSED, TrialState.STOPPED])
def test_what_ended_at_a_rung_is_compared_there_by_a_sampler_that_can(state):
    there = only(told(state))
    assert (there.state, there.intermediate_values) == (OptunaState.PRUNED, {3: 0.5})
    elsewhere = only(told(state), tells_rungs=False)
    assert (elsewhere.state, elsewhere.values) == (OptunaState.COMPLETE, [0.5])


def test_with_several_objectives_it_counts_with_the_values_that_stand_for_it():
    study = study_of([told(TrialState.PAUSED)], SPACE, HEIGHT_AND_COST, True)
    assert study.directions == [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
    assert (study.trials[0].state, study.trials[0].values) == (OptunaState.COMPLETE, [0.5, 12.0])


def test_a_trial_that_runs_ended_or_failed_is_told_as_that():
    assert only(told(TrialState.RUNNING)).state is OptunaState.RUNNING
    assert only(told(TrialState.RUNNING)).intermediate_values == {3: 0.5}
    ended = only(told(TrialState.COMPLETED))
    assert (ended.state, ended.values, ended.params) == (OptunaState.COMPLETE, [0.5], FIRST)
    assert only(told(TrialState.FAILED)).state is OptunaState.FAIL
    assert only(told(TrialState.COMPLETED, best=None)).state is OptunaState.FAIL


def test_constraints_are_told_by_how_far_they_are_exceeded():
    objective = replace(HEIGHT, constraints=(read_constraint("cost <= 10"), read_constraint("gap <= 1")))
    constraints = only(told(TrialState.PAUSED), objective).constraints
    assert constraints["cost <= 10"] == pytest.approx(0.2)
    assert 1 < constraints["gap <= 1"] < float("inf")  # no such metric: far off, and a number


def test_of_a_trial_outside_of_the_space_tpe_is_told_what_lies_within_and_others_nothing():
    outside = told(TrialState.COMPLETED, size=99)
    assert only(outside).params.keys() == {"rate", "recipe"}
    assert study_of([outside], SPACE, HEIGHT, False).trials == []


def test_refused_hyperparameters_are_told_as_running_after_all_trials():
    study = study_of([told(TrialState.COMPLETED)], SPACE, HEIGHT, True, [FIRST | {"size": 5}])
    assert [trial.state for trial in study.trials] == [OptunaState.COMPLETE, OptunaState.RUNNING]
    assert study.trials[1].params["size"] == 5
