"""Proposals are a function of the record, whichever sampler makes them."""

from collections import Counter
from dataclasses import replace

import pytest
from searching import (
    FIRST,
    GRID_SPACE,
    HEIGHT,
    HEIGHT_AND_COST,
    PRIOR,
    SPACE,
    row_of,
    search,
    searched,
    with_two_running,
)

from results.record.trial.proposals import read_proposal, write_proposal
from search_spaces.reading.searched import SearchSpace
from trainable.ranking import read_constraint
from tune.sampling.names import SAMPLERS
from tune.sampling.proposing import propose
from tune.sampling.told import ToldTrial, TrialState


def through_the_record(folder, trial):
    write_proposal(folder, trial.proposal)
    return replace(trial, proposal=read_proposal(folder, trial.proposal.hyperparameters))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_proposal_from_the_record_is_the_one_that_was_made_as_the_sweep_went_on(sampler, tmp_path):
    of, seen, count = search(sampler), [], 9 if sampler == "gp" else 24
    told = with_two_running(of, count, seen.append)
    assert len({str(trial.config) for trial in told}) > 0.7 * count  # it does propose different ones
    for so_far in (seen[2], seen[-1]):
        recorded = [through_the_record(tmp_path, trial) for trial in so_far]
        assert propose(of, len(so_far), recorded) == told[len(so_far)].proposal


@pytest.mark.parametrize("sampler", ["cmaes", "nsga2", "qmc"])
def test_what_such_a_sampler_left_with_the_trials_decides_its_next_proposal(sampler):
    of = search(sampler)
    told = searched(of, 20)
    forgotten = [replace(trial, proposal=None) for trial in told]
    assert propose(of, 20, told) != propose(of, 20, forgotten)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_sampler_writes_more_than_numbers_into_the_record(sampler):
    for trial in searched(search(sampler), 9):
        assert all(isinstance(value, int) for value in trial.proposal.trial_attributes.values())
        assert trial.proposal.study_attributes == {}


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in ("gp", "random", "qmc", "grid")])
def test_a_sampler_that_learns_ends_up_near_the_top(sampler):
    told = searched(search(sampler), 60)
    late = sorted(trial.best["height"] for trial in told[-20:])
    first = sorted(trial.best["height"] for trial in told[:20])
    assert late[10] > first[10]
    assert max(late) > 0.0  # of .1 at most


def test_several_objectives_are_searched_by_every_sampler_that_can(tmp_path):
    for sampler in (name for name in SAMPLERS if name != "cmaes"):
        assert len(searched(search(sampler, objective=HEIGHT_AND_COST), 8)) == 8


def test_a_constraint_draws_the_search_to_where_it_holds():
    small = read_constraint("cost <= 8")
    free, bound = (searched(search(objective=one), 40) for one in (HEIGHT, replace(HEIGHT, constraints=(small,))))
    share_small = [sum(trial.config["size"] <= 8 for trial in told[10:]) for told in (free, bound)]
    assert share_small[1] > 2 * share_small[0]


def test_the_first_trial_has_the_starting_values_then_come_the_users_own_then_the_priors():
    tried = [FIRST | {"size": 9}, FIRST | {"rate": 0.5}]
    warm = [FIRST | {"size": 30}]
    of = search(space=replace(SPACE, prior=PRIOR), tried=tried, warm=warm, prior_trials=3)
    told = searched(of, 10)
    origins = [trial.proposal.by for trial in told]
    assert origins == ["start", "try", "try", "warm start", "prior", "prior", "prior", "tpe", "tpe", "tpe"]
    assert [trial.config for trial in told[:4]] == [FIRST, *tried, *warm]
    assert Counter(trial.config["recipe"] for trial in told[4:7])["rich"] >= 2


def test_what_is_wished_for_at_a_resume_comes_next_and_nothing_comes_twice():
    told = searched(search(), 5)
    of = search(tried=[FIRST, FIRST | {"size": 9}], space=replace(SPACE, prior=PRIOR), prior_trials=1)
    assert [trial.proposal.by for trial in searched(of, 8, told)[5:]] == ["try", "prior", "tpe"]


def test_without_a_prior_no_trial_is_drawn_from_one():
    assert {trial.proposal.by for trial in searched(search(prior_trials=5), 6)} == {"start", "tpe"}


def test_a_refused_proposal_is_drawn_again_and_nothing_refused_comes_again():
    for sampler in SAMPLERS:
        of = search(sampler)
        told, refused = searched(of, 4), []
        for _ in range(3):
            refused.append(propose(of, 4, told, refused).hyperparameters)
        assert len({str(one) for one in refused}) == 3, sampler


def test_a_refused_draw_of_the_prior_is_drawn_from_the_prior_again():
    of = search(space=replace(SPACE, prior=PRIOR), prior_trials=5)
    told = searched(of, 2)
    first = propose(of, 2, told)
    second = propose(of, 2, told, [first.hyperparameters])
    assert (first.by, second.by) == ("prior", "prior")
    assert first.hyperparameters != second.hyperparameters


def test_a_grid_is_searched_whole_once_and_then_the_search_is_over():
    of = search("grid")
    told = searched(of, 100)
    settings = {tuple(trial.config.values()) for trial in told}
    assert len(told) == len(settings) == 5 * 3 * 2
    assert propose(of, len(told), told) is None


def test_a_grid_whose_last_setting_no_trial_can_have_is_over():
    of = search("grid")
    told = searched(of, 29)
    last = propose(of, 29, told)
    assert propose(of, 29, told, [last.hyperparameters]) is None


def test_values_outside_of_the_space_keep_no_sampler_from_the_rest():
    outside = FIRST | {"size": 64}
    for sampler in SAMPLERS:
        told = searched(search(sampler, first=outside), 8)
        assert len(told) == 8, sampler
        assert all(2 <= trial.config["size"] <= 32 for trial in told[1:]), sampler


def test_a_failed_trial_teaches_nothing_and_one_without_a_value_neither():
    for sampler in SAMPLERS:
        told = searched(search(sampler), 7)
        told[3] = replace(told[3], state=TrialState.FAILED, best=None)
        told[4] = replace(told[4], best=None)
        assert propose(search(sampler), 7, told), sampler


def conditional(trial):
    recipe = trial.suggest_categorical("recipe", ["plain", "rich"])
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    power = trial.suggest_int("power", 1, 5) if recipe == "rich" else 2
    return {"recipe": recipe, "rate": rate, "size": 2**power}


FUNCTION = SearchSpace(SPACE.distributions, PRIOR, conditional, "mine.py")


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_a_function_is_searched_by_every_sampler_and_its_record_tells_what_was_drawn(sampler, tmp_path):
    of, seen = search(sampler, space=FUNCTION, prior_trials=2), []
    told = with_two_running(of, 9, seen.append)
    for trial in told[1:]:
        assert trial.config["size"] == 2 ** trial.proposal.params.get("power", 2)
        assert trial.proposal.params.keys() == trial.proposal.distributions.keys()
    recorded = [through_the_record(tmp_path, trial) for trial in seen[-1]]
    assert propose(of, 8, recorded) == told[8].proposal


def test_the_grid_of_a_function_is_all_that_it_can_draw():
    def space(trial):
        kind = trial.suggest_categorical("recipe", ["plain", "rich"])
        size = trial.suggest_int("size", 2, 4) if kind == "rich" else 2
        return {"recipe": kind, "size": size, "rate": 0.5}

    of = search("grid", space=SearchSpace(GRID_SPACE.distributions, {}, space, "mine.py"), first=FIRST)
    told = searched(of, 20)[1:]  # the starting values are no point of it
    assert {(trial.config["recipe"], trial.config["size"]) for trial in told} == {
        ("plain", 2), ("rich", 2), ("rich", 3), ("rich", 4),
    }  # fmt: skip
    assert len(told) == 4


def test_a_warm_start_teaches_and_takes_no_number():
    earlier = [
        ToldTrial({"rate": 0.3, "size": 18 + n % 5, "recipe": "rich"}, TrialState.COMPLETED, 9, None) for n in range(15)
    ]
    earlier = [replace(trial, best=row_of(trial.config)) for trial in earlier]
    poor = [FIRST | {"size": 2 + n} for n in range(15)]
    earlier += [ToldTrial(config, TrialState.COMPLETED, 9, row_of(config)) for config in poor]
    warmed = searched(search(earlier=earlier), 8)
    assert warmed[0].proposal.by == "start"
    assert sum(trial.config["recipe"] == "rich" for trial in warmed[1:]) >= 5


def test_optuna_makes_no_remark(capfd, recwarn):
    for sampler in SAMPLERS:
        searched(search(sampler), 8)
    assert capfd.readouterr() == ("", "")
    assert [str(one.message) for one in recwarn if "optuna" in str(one.filename)] == []
