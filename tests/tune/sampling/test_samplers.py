import pickle

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState
from searching import FIRST, HEIGHT, HEIGHT_AND_COST, SPACE, row_of, search, searched

from search_spaces.reading.quiet import quiet
from search_spaces.reading.searched import SearchSpace
from trainable.contract import UserError
from tune.sampling.replayed_cma import ReplayedCMA
from tune.sampling.samplers import ChosenSampler


def test_the_distribution_of_cma_is_the_one_that_optuna_would_have_kept_pickled():
    space = dict(SPACE.distributions)
    with quiet():
        study = optuna.create_study(direction="maximize")
        for seed in range(40):
            study.sampler = optuna.samplers.CmaEsSampler(seed=seed)
            trial = study.ask(space)
            study.tell(trial, row_of(trial.params)["height"])
        complete = study.get_trials(states=(TrialState.COMPLETE,))
        kept = next(
            attributes for trial in reversed(complete) if "cma:optimizer:0" in (attributes := trial.system_attrs)
        )
        pieces = [kept[f"cma:optimizer:{n}"] for n in range(len([name for name in kept if "optimizer" in name]))]
        optunas = pickle.loads(bytes.fromhex("".join(pieces)))

        sampler = ReplayedCMA(seed=0)
        searched = sampler.infer_relative_search_space(study, complete[-1])
        sampler._searched, sampler._direction = searched, study.direction
        ours = sampler._restore_optimizer(complete)
        while ours.generation > optunas.generation:  # it is told of the last whole generation a proposal earlier
            complete.pop()
            ours = sampler._restore_optimizer(complete)
    assert optunas.generation >= 4
    assert np.allclose(ours.mean, optunas.mean)
    assert np.allclose(ours._C, optunas._C)


@pytest.mark.parametrize(
    ("sampler", "space", "objective", "why"),
    [
        ("grid", SPACE, HEIGHT, "tries every value, and rate has no end of them; give it a step or choices"),
        ("cmaes", SPACE, HEIGHT_AND_COST, "has one objective; take tpe, gp or nsga2 for several"),
        (
            "cmaes",
            SearchSpace({"rate": FloatDistribution(0, 1)}),
            HEIGHT,
            "needs at least two hyperparameters that are",
        ),
    ],
)
def test_what_a_sampler_cannot_search_is_known_before_the_first_trial(sampler, space, objective, why):
    assert why in ChosenSampler(sampler).fault(space, objective)


def test_nearly_every_sampler_can_search_anything():
    for name in ("tpe", "random", "gp", "nsga2", "qmc"):
        assert ChosenSampler(name).fault(SPACE, HEIGHT_AND_COST) == ""


def test_a_users_function_makes_the_sampler_and_gets_study_seed_and_number():
    heard = []

    def mine(study, seed, number):
        heard.append((len(study.trials), number))
        return optuna.samplers.RandomSampler(seed)

    of = search(sampler=ChosenSampler("mine.py:mine", mine))
    told = searched(of, 4)
    assert heard == [(1, 1), (2, 2), (3, 3)]
    assert [trial.proposal.by for trial in told] == ["start", *["mine.py:mine"] * 3]
    assert [trial.config for trial in searched(of, 4)] == [trial.config for trial in told]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda study, seed, number: 1 / 0, "sampler mine.py:mine raised ZeroDivisionError: division by zero ("),
        (lambda study, seed, number: "tpe", "sampler mine.py:mine gave 'tpe'; it must give an Optuna sampler, such as"),
    ],
)
def test_a_users_function_that_makes_none_is_told_with_its_name(function, why):
    with pytest.raises(UserError, match=r"^sampler mine\.py:mine ") as caught:
        searched(search(sampler=ChosenSampler("mine.py:mine", function)), 2)
    assert why in str(caught.value)


def test_what_a_users_sampler_leaves_with_a_trial_is_there_for_the_next_one():
    class Counting(optuna.samplers.RandomSampler):
        def before_trial(self, study, trial):
            before = max((one.system_attrs.get("count", 0) for one in study.get_trials(deepcopy=False)), default=0)
            study._storage.set_trial_system_attr(trial._trial_id, "count", before + 1)

    of = search(sampler=ChosenSampler("mine.py:mine", lambda study, seed, number: Counting(seed)))
    assert [trial.proposal.trial_attributes.get("count") for trial in searched(of, 4)] == [None, 1, 2, 3]
    assert searched(of, 1)[0].config == FIRST
