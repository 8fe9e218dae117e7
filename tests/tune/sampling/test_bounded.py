"""What a model is told of where there are more trials than it needs."""

import random

import pytest
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from searching import FIRST, HEIGHT, HEIGHT_AND_COST, SPACE, search

from results.record.trial.proposals import read_proposal, write_proposal
from trainable.ranking import read_constraint
from tune.sampling.bounded import BEST, MOST, NEWEST, learnt_from
from tune.sampling.proposing import propose
from tune.sampling.study import study_of
from tune.sampling.told import ToldTrial, TrialState

RUNGS = (TrialState.PAUSED, 3), (TrialState.PAUSED, 9), (TrialState.COMPLETED, 30)
UNDER_A_CONSTRAINT = type(HEIGHT)(("height",), ("max",), (read_constraint("cost <= 20"),))


def trials(count: int, seed: int = 0, running: tuple[int, ...] = ()) -> list[ToldTrial]:
    """With numbers that none shares with another, so that no order among equals matters."""
    draw = random.Random(seed)

    def one(index: int) -> ToldTrial:
        state, epochs = (TrialState.RUNNING, 1) if index in running else draw.choices(RUNGS, (6, 2, 1))[0]
        config = FIRST | {"rate": draw.uniform(1e-4, 1.0), "size": draw.randint(2, 32)}
        return ToldTrial(config, state, epochs, {"height": draw.random(), "cost": draw.uniform(1, 30)})

    return [one(index) for index in range(count)]


def test_up_to_some_hundreds_a_model_is_told_of_all() -> None:
    told = trials(MOST)
    assert learnt_from(told, HEIGHT) is told


@pytest.mark.parametrize("objective", [HEIGHT, UNDER_A_CONSTRAINT], ids=["one objective", "under a constraint"])
@pytest.mark.parametrize("count", [MOST + 1, 4 * MOST])
def test_what_tpe_holds_for_good_of_few_is_what_it_holds_for_good_of_all(count, objective) -> None:
    told = trials(count)
    good = []
    for of in (told, learnt_from(told, objective)):
        study = study_of(of, SPACE, objective, tells_rungs=True)
        below, above = _split_trials(study, study.trials, default_gamma(len(of)))
        good.append([trial.params for trial in below])
        assert len(below) + len(above) == len(of)
    assert len(good[1]) == 25
    assert good[1] == good[0]


def test_those_that_run_and_the_newest_are_among_them_in_their_order() -> None:
    running = (3, 700, 1997, 1998, 1999)
    told = trials(2000, running=running)
    few = learnt_from(told, HEIGHT)
    assert len(few) == MOST
    places = [told.index(trial) for trial in few]
    assert places == sorted(set(places))
    assert {*running, *range(2000 - NEWEST, 2000)} <= {*places}


def test_the_rest_lies_as_all_the_others_do() -> None:
    told = trials(5000)
    few = learnt_from(told, HEIGHT)
    rates = sorted(trial.config["rate"] for trial in few[: MOST - NEWEST - BEST])
    assert [rates[len(rates) // 4], rates[len(rates) // 2]] == pytest.approx([0.25, 0.5], abs=0.06)


def test_of_several_objectives_the_pareto_set_is_among_them() -> None:
    told = trials(2000)
    few = learnt_from(told, HEIGHT_AND_COST)
    ranked = HEIGHT_AND_COST.best_first(told, lambda trial: trial.best)
    assert all(any(one is trial for trial in few) for one in ranked[:10])


@pytest.mark.parametrize(("count", "learnt"), [(MOST, None), (MOST + 20, MOST)])
def test_a_proposal_records_how_many_it_was_told_of_where_these_were_not_all(count, learnt, tmp_path) -> None:
    told = trials(count)
    proposal = propose(search("tpe"), count, told)
    assert proposal is not None
    assert proposal.learnt_from == learnt
    write_proposal(tmp_path, proposal)
    assert read_proposal(tmp_path, proposal.hyperparameters) == proposal


def test_a_random_proposal_is_the_same_whatever_came_before() -> None:
    one, other = (propose(search("random"), 800, trials(800, seed)) for seed in (1, 2))
    assert one == other
    assert one is not None
    assert one.learnt_from is None
