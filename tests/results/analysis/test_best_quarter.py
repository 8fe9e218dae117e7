"""What distinguishes the best quarter: said where it is clear, and not where it is not."""

from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep

from results.analysis.best_quarter import best_quarter
from results.analysis.observations import Observation, best_quarter_places, observations
from results.analysis.seed_groups import seed_groups
from results.record.sweeps import read_sweep


def sixteen(**columns: list[object]) -> list[Observation]:
    """Trial i scores i: the best quarter are 12 to 15."""
    return [Observation({name: values[i] for name, values in columns.items()}, float(i)) for i in range(16)]


SCATTERED = [5, 9, 1, 13, 7, 3, 11, 15, 2, 14, 6, 10, 4, 12, 8, 0]  # of the last four two are above the median


def test_a_clear_difference_is_told_with_its_medians_and_an_unclear_one_as_such() -> None:
    rates: list[object] = [1e-5 * (i + 1) for i in range(12)] + [1e-3, 2e-3, 4e-3, 8e-3]
    found = best_quarter(sixteen(lr=rates, group_size=list(SCATTERED)))
    assert found.clear == ("lr",)
    assert found.sentence == (
        "The best quarter (4 of 16 trials) has a higher lr (median 0.003 against 6.5e-05); "
        "group_size does not differ clearly."
    )


def test_a_choice_is_told_with_its_counts() -> None:
    found = best_quarter(sixteen(recipe=["b"] * 11 + ["a"] * 5, group_size=list(SCATTERED)))
    assert "has recipe a more often (4 of 4 against 1 of 12); group_size" in found.sentence


def test_where_no_difference_is_clear_the_ranges_are_told() -> None:
    found = best_quarter(sixteen(group_size=list(SCATTERED), depth=list(reversed(SCATTERED))))
    assert found.sentence == (
        "The best quarter (4 of 16 trials) has group_size 0 to 12 (the rest 1 to 15) and depth 1 to 13 "
        "(the rest 0 to 15); none of them differs clearly from the rest."
    )


def test_more_hyperparameters_ask_for_more() -> None:
    """3 of 12, the highest but for one exchange: p = 2 * 2/220; Holm wants .05/2 or less of two, .05/4 of four."""
    shifted = [0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 10, 11]
    others = {f"other{i}": [SCATTERED[(j + i) % 12] for j in range(12)] for i in range(3)}

    def clear(names: list[str]) -> tuple[str, ...]:
        found = [
            Observation({"x": shifted[j]} | {name: others[name][j] for name in names}, float(j)) for j in range(12)
        ]
        return best_quarter(found).clear

    assert clear(["other0"]) == ("x",)
    assert clear(["other0", "other1", "other2"]) == ()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([0.1 * i for i in range(8)], "8 trials that ended are too few (at least 10 are needed)"),  # 2/C(10,2) = .044
        ([0.5] * 16, "all 16 trials have the same score"),
        ([0.5] * 10 + [0.1] * 6, "10 of 16 trials share a score among the best"),
        ([], "nothing was varied"),
    ],
)
def test_where_there_is_no_best_quarter_the_reason_is_said(values: list[float], reason: str) -> None:
    found = best_quarter([Observation({"x": i}, value) for i, value in enumerate(values)])
    assert found.sentence == f"What distinguishes the best quarter cannot be said: {reason}."


def test_a_hyperparameter_that_depends_on_another_is_compared_where_it_is() -> None:
    observed = sixteen(kind=["b", "a"] * 8, lr=list(range(16)))
    for place in range(12):
        observed[place].setting.pop("lr")  # type: ignore[attr-defined]
    assert "lr where the rest has none; none of them differs clearly" in best_quarter(observed).sentence


def test_equal_ones_at_the_border_belong_to_the_best_quarter() -> None:
    assert best_quarter_places([1.0, 3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]) == [1, 2, 3]


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
    found = {observation.setting["lr"]: observation.value for observation in observations(groups, "max")}
    assert found == {1: 0.5, 2: 0.2, 3: 0.2}


def test_where_less_is_better_the_least_are_the_best(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"x": i}, (float(i),) * 3) for i in range(12)]
    record = read_sweep(write_sweep(tmp_path / "a", trials, mode="min"))
    found = best_quarter(observations(seed_groups([record]), "min"))
    assert "(3 of 12 trials) has a lower x (median 1 against 7" in found.sentence
