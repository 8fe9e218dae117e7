"""Which hyperparameters decide: found where one does, and not made up where none does."""

import math
import random
from pathlib import Path

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep
from optuna.distributions import FloatDistribution

from results.analysis.importance import Importance, Observation, best_quarter, importance, observations
from results.analysis.seed_groups import seed_groups
from results.record.sweeps import read_sweep
from trainable.ranking import read_objective

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


def standing_out(found: Importance) -> list[str]:
    return [hyperparameter.name for hyperparameter in found.stand_out]


def test_the_one_that_decides_comes_first_and_stands_out() -> None:
    found = importance(drawn(48, 1, lambda setting, noise: -abs(math.log10(setting["lr"]) + 3) + 0.2 * noise), SPACE)
    assert next(iter(found.shares)) == "lr"
    assert standing_out(found) == ["lr"]
    assert sum(found.shares.values()) == pytest.approx(1)


def test_a_choice_can_decide() -> None:
    found = importance(drawn(48, 2, lambda setting, noise: (setting["recipe"] == "b") + 0.5 * noise), SPACE)
    assert standing_out(found) == ["recipe"]


def test_values_in_the_middle_can_decide() -> None:
    """The best are neither higher nor lower than the rest: -3.5 is the middle of lr's exponents."""
    found = importance(drawn(48, 6, lambda setting, noise: -abs(math.log10(setting["lr"]) + 3.5) + 0.2 * noise), SPACE)
    assert standing_out(found) == ["lr"]


def test_what_is_varied_alone_can_stand_out_or_not() -> None:
    decides, idle = (
        [Observation({"lr": 1e-5 * 1.2**i}, value(i)) for i in range(16)] for value in (float, lambda i: i * 7 % 16)
    )
    assert standing_out(importance(decides, SPACE)) == ["lr"]
    assert standing_out(importance(idle, SPACE)) == []


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
        ([], ""),
        ([Observation({"lr": 0.1}, i) for i in range(16)], "nothing was varied"),
        (drawn(8, 5, lambda setting, noise: noise), "8 trials that ended are too few (at least 12 are needed)"),
        (drawn(16, 5, lambda setting, noise: 0.5), "all 16 trials have the same score"),
        (
            [Observation({"lr": i}, 0.5 if i < 10 else 0.1, trials=2) for i in range(16)],
            "10 of 16 settings share a score among the best",
        ),
    ],
    ids=["no trial", "one setting", "few trials", "no spread", "ties"],
)
def test_where_nothing_can_be_said_there_is_a_reason_and_no_number(observed: list[Observation], reason: str) -> None:
    assert importance(observed, SPACE) == Importance({}, reason=reason)


def test_equal_ones_at_the_border_belong_to_the_best_quarter() -> None:
    assert best_quarter([1.0, 3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]) == [1, 2, 3]


def test_a_trial_that_diverged_counts_as_the_worst_and_one_that_failed_or_runs_not_at_all(tmp_path: Path) -> None:
    trials = [
        MadeUpTrial({"lr": 1}, (0.3, 0.4, 0.5)),
        MadeUpTrial({"lr": 2}, (0.1, 0.2)),  # stopped early
        MadeUpTrial({"lr": 3}, failure="diverged"),
        MadeUpTrial({"lr": 4}, (0.6,), failure="error"),
        MadeUpTrial({"lr": 5}, (0.7,), ended=False),
        MadeUpTrial({"lr": 6}, ended=False),
    ]
    groups = seed_groups([read_sweep(write_sweep(tmp_path / "a", trials))])
    observed = observations(groups, read_objective(METRIC, "max"))
    found = {observation.setting["lr"]: observation.value for observation in observed}
    assert found == {1: 0.5, 2: 0.2, 3: 0.2}


def test_where_less_is_better_the_least_are_the_best(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"x": i}, (float(i),) * 3) for i in range(12)]
    record = read_sweep(write_sweep(tmp_path / "a", trials, mode="min"))
    observed = observations(seed_groups([record]), record.objective)
    assert [observed[index].setting["x"] for index in best_quarter([o.value for o in observed])] == [0, 1, 2]


def test_what_violates_a_constraint_is_not_among_the_best_quarter_whatever_its_score(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"x": i}, (float(i),) * 3, columns={"Val/Late": float(i > 8)}) for i in range(12)]
    record = read_sweep(write_sweep(tmp_path / "a", trials, constraint=["Val/Late <= 0.5"]))
    observed = observations(seed_groups([record]), record.objective)
    assert {observed[index].setting["x"] for index in best_quarter([o.value for o in observed])} == {6, 7, 8}
