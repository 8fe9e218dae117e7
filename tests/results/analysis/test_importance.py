"""Which hyperparameters decide: found where one does, and not made up where none does."""

import math
import random

import pytest
from optuna.distributions import FloatDistribution

from results.analysis.importance import Importance, importance
from results.analysis.observations import Observation

SPACE = {"lr": FloatDistribution(1e-5, 1e-2, log=True)}


def drawn(n: int, seed: int, value: "object") -> list[Observation]:
    """Settings drawn at random; `value` maps one and a random number to what came of it."""
    dice = random.Random(seed)
    settings = [
        {
            "lr": 10 ** dice.uniform(-5, -2),
            "group_size": dice.randint(2, 32),
            "recipe": dice.choice(["a", "b", "c"]),
        }
        for _ in range(n)
    ]
    return [Observation(setting, value(setting, dice.random())) for setting in settings]  # type: ignore[operator]


def test_the_one_that_decides_comes_first_and_stands_out() -> None:
    found = importance(drawn(48, 1, lambda setting, noise: -abs(math.log10(setting["lr"]) + 3) + 0.2 * noise), SPACE)
    assert next(iter(found.shares)) == "lr"
    assert found.stand_out == ("lr",)
    assert sum(found.shares.values()) == pytest.approx(1)


def test_a_choice_can_decide() -> None:
    found = importance(drawn(48, 2, lambda setting, noise: (setting["recipe"] == "b") + 0.5 * noise), SPACE)
    assert found.stand_out == ("recipe",)


def test_where_none_matters_none_stands_out_in_most_sweeps() -> None:
    """95 of 100 by design; of ten, 7 or fewer would come up once in 87 times."""
    quiet = [not importance(drawn(16, seed, lambda setting, noise: noise), SPACE).stand_out for seed in range(10)]
    assert sum(quiet) >= 8


def test_the_same_trials_give_the_same_answer() -> None:
    observed = drawn(24, 3, lambda setting, noise: noise)
    assert importance(observed, SPACE) == importance(observed, SPACE)


def test_a_hyperparameter_that_only_some_trials_have_is_weighed_too() -> None:
    observed = drawn(48, 4, lambda setting, noise: (setting["recipe"] == "b") + 0.5 * noise)
    for observation in observed:
        if observation.setting["recipe"] != "b":
            del observation.setting["group_size"]  # type: ignore[attr-defined]
    assert set(importance(observed, SPACE).shares) == {"lr", "group_size", "recipe"}


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        ([], "nothing was varied"),
        ([Observation({"lr": 0.1 * i}, i) for i in range(16)], "only lr was varied"),
        (drawn(8, 5, lambda setting, noise: noise), "8 trials that ended are too few (at least 12 are needed)"),
        (drawn(16, 5, lambda setting, noise: 0.5), "all 16 trials have the same score"),
    ],
    ids=["none", "one hyperparameter", "few trials", "no spread"],
)
def test_where_nothing_can_be_said_there_is_a_reason_and_no_number(observed: list[Observation], reason: str) -> None:
    assert importance(observed, SPACE) == Importance({}, reason=reason)
