"""The rule by which trials are ranked."""

import math
from math import inf, nan
from typing import Any

import pytest

from trainable.contract import SettingError
from trainable.ranking import Constraint, Objective, Row, read_constraint, read_objective, written_names

MAX, MIN = Objective(("m",), ("max",)), Objective(("m",), ("min",))
RIGHT_AND_FAST = read_objective("right,ms", "max,min")
IN_TIME = read_objective("right", "max", ["late <= 0.1"])


def named(objective: Objective, rows: dict[str, Row | None]) -> str:
    """The names of the rows, best first."""
    return "".join(objective.best_first(rows, rows.__getitem__))


def test_a_trials_score_is_its_best_epoch_and_the_first_of_equal_ones() -> None:
    rows = [{"m": 0.2}, {"m": 0.5}, {"m": 0.5}, {"m": 0.1}]
    assert MAX.best_row(rows) is rows[1]
    assert MIN.best_row(rows) is rows[3]


@pytest.mark.parametrize("objective", [MAX, MIN])
@pytest.mark.parametrize("value", [nan, inf, -inf, None, "0.9"])
def test_a_value_that_is_not_finite_never_ranks_wherever_it_comes(value: object, objective: Objective) -> None:
    ranking = [{"m": 0.3}, {"m": value}, {"m": 0.3}]
    assert objective.best_row(ranking) is ranking[0]
    assert objective.best_row(ranking[1:]) is ranking[2]
    assert objective.best_row([{"m": value}, {}]) is None


def test_an_epoch_ranks_only_with_every_objective() -> None:
    rows = [{"right": 0.9, "ms": nan}, {"right": 0.9}, {"right": 0.1, "ms": 5.0}]
    assert RIGHT_AND_FAST.best_row(rows) is rows[2]


def test_trials_without_a_score_come_last_and_equal_ones_as_they_came() -> None:
    rows: dict[str, Row | None] = {"a": {"m": 0.1}, "b": None, "c": {"m": 0.4}, "d": {"m": 0.1}, "e": {"m": nan}}
    assert named(MAX, rows) == "cadbe"
    assert named(MIN, rows) == "adcbe"


class CountedRow(Row):
    """A row that counts how often it is asked for a value."""

    reads = 0

    def get(self, name: str, default: Any = None) -> Any:
        CountedRow.reads += 1
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        CountedRow.reads += 1
        return super().__getitem__(name)


def test_following_a_trial_of_5000_epochs_reads_each_row_once_and_the_best_so_far() -> None:
    best: Row | None = None
    for epoch in range(5000):
        best = MAX.better(best, CountedRow(m=epoch % 100))
    assert best == {"m": 99}
    assert CountedRow.reads < 2 * 5000


def test_an_epoch_that_satisfies_the_constraints_stands_for_its_trial_before_a_better_one_that_does_not() -> None:
    rows = [{"right": 0.9, "late": 0.2}, {"right": 0.5, "late": 0.1}, {"right": 0.6, "late": 0.05}]
    assert IN_TIME.best_row(rows) is rows[2]
    assert IN_TIME.best_row(rows[:2]) is rows[1]  # at the bound is within it


def test_where_no_epoch_satisfies_them_the_nearest_stands_and_of_equally_near_ones_the_better() -> None:
    rows = [{"right": 0.9, "late": 0.3}, {"right": 0.2, "late": 0.2}, {"right": 0.4, "late": 0.2}]
    assert IN_TIME.best_row(rows) is rows[2]


@pytest.mark.parametrize("late", [nan, inf, None])
def test_an_epoch_that_lacks_what_a_constraint_is_on_is_the_furthest_from_satisfying_it(late: object) -> None:
    rows = [{"right": 0.9, "late": late}, {"right": 0.1, "late": 99.0}]
    assert IN_TIME.best_row(rows) is rows[1]
    assert IN_TIME.best_row(rows[:1]) is rows[0]


def test_violations_of_unlike_metrics_are_summed_as_shares_of_their_bounds() -> None:
    objective = read_objective("right", "max", ["ms <= 200", "seen >= 0.5"])
    # 10 of 200 ms too many, and 0.1 of 0.5 too few
    assert objective.excess({"ms": 210.0, "seen": 0.4}) == pytest.approx(0.05 + 0.2)
    assert objective.excess({"ms": 1.0, "seen": 0.5}) == 0.0
    assert Constraint("late", "<=", 0.0).excess({"late": 3.0}) == 3.0


def test_trials_that_satisfy_the_constraints_come_first_and_the_others_by_how_far_they_are_off() -> None:
    rows: dict[str, Row | None] = {
        "a": {"right": 0.9, "late": 0.4},
        "b": {"right": 0.2, "late": 0.1},
        "c": None,
        "d": {"right": 0.8, "late": 0.2},
        "e": {"right": 0.3, "late": 0.0},
        "f": {"right": 0.7},
    }
    assert named(IN_TIME, rows) == "ebdafc"


def test_with_two_objectives_trials_come_by_non_dominated_rank_and_in_one_by_what_they_add_to_the_hypervolume() -> None:
    # As losses (-right, ms) from the reference (-0.1, 11), a tenth of the range behind the worst; one rank: a b c.
    rows: dict[str, Row | None] = {
        "a": {"right": 1.0, "ms": 10.0},  # reaches (1.0 - 0.1) * 1 alone; beyond b's 0.6 in "right" 0.4 * 1
        "b": {"right": 0.6, "ms": 5.0},  # 0.5 * 6: the most
        "c": {"right": 0.2, "ms": 1.0},  # 0.1 * 10 alone; below b's 5 ms 0.1 * 4 more
        "d": {"right": 0.5, "ms": 6.0},  # beaten by b
        "e": {"right": 0.6, "ms": 5.0},  # as b: of one rank with it, and adds nothing
        "f": {"right": 0.4, "ms": 7.0},  # beaten by d too
    }
    reference = (-0.2 + 0.1 * 0.8, 10.0 + 0.1 * 9.0)  # (-0.12, 10.9)
    adds = {"a": 0.4 * (reference[1] - 10.0), "c": (0.2 + reference[0]) * 4.0}  # 0.36 and 0.32
    assert adds["a"] > adds["c"]
    assert named(RIGHT_AND_FAST, rows) == "bacedf"


def test_with_two_objectives_an_epoch_is_chosen_by_the_first() -> None:
    rows = [{"right": 0.9, "ms": 100.0}, {"right": 0.8, "ms": 1.0}, {"right": 0.9, "ms": 50.0}]
    assert RIGHT_AND_FAST.best_row(rows) is rows[0]


def test_with_two_objectives_feasible_trials_come_first_too() -> None:
    objective = read_objective("right,ms", "max,min", ["late <= 0.1"])
    rows: dict[str, Row | None] = {
        "a": {"right": 1.0, "ms": 1.0, "late": 0.2},
        "b": {"right": 0.1, "ms": 9.0, "late": 0.1},
        "c": {"right": 0.2, "ms": 8.0, "late": 0.0},
        "d": {"right": nan, "ms": 8.0, "late": 0.0},
    }
    assert named(objective, rows) == "cbad"


@pytest.mark.parametrize(
    ("text", "constraint"),
    [
        ("Val/Budget_Violation_Rate <= 0.05", Constraint("Val/Budget_Violation_Rate", "<=", 0.05)),
        (" a>=1e3 ", Constraint("a", ">=", 1000.0)),
        ("two words <=-2", Constraint("two words", "<=", -2.0)),
        ("a <= b <= 3", Constraint("a <= b", "<=", 3.0)),
    ],
)
def test_a_constraint_is_read_from_words_and_written_in_words_that_read_the_same(
    text: str, constraint: Constraint
) -> None:
    assert read_constraint(text) == constraint == read_constraint(constraint.written)


def test_a_bound_that_is_a_whole_number_is_written_as_one() -> None:
    assert read_constraint("ms<=120.0").written == "ms <= 120"


@pytest.mark.parametrize("text", ["", "a", "a < 3", "a == 3", "a <= b", "<= 3", "a <= nan", "a <= inf", "a <="])
def test_what_is_no_constraint_is_said_to_be_none(text: str) -> None:
    with pytest.raises(SettingError, match="it must be a metric, <= or >=, and a number"):
        read_constraint(text)


def test_a_metric_whose_name_holds_a_comma_stands_in_quotes() -> None:
    names = ("right, in time", 'so "called"', "ms")
    assert read_objective(written_names(names), "max,max,min").metrics == names
    assert read_objective('"right, in time", ms', "max, min").metrics == ("right, in time", "ms")


@pytest.mark.parametrize(
    ("metric", "mode", "answer"),
    [
        ("a", "up", "mode is 'up'; it must be 'max' or 'min'"),
        ("a,b", "max", "mode is 'max'; it must be 2 of 'max' and 'min', as in 'max,min'"),
        ("a", "max,min", "mode is 'max,min'; it must be 'max' or 'min'"),
        ("a,a", "max,min", "name each metric once"),
        ("a,b,c,d", "max,max,max,max", "it can be at most 3 metrics"),
    ],
)
def test_what_is_no_objective_is_said_to_be_none(metric: str, mode: str, answer: str) -> None:
    with pytest.raises(SettingError, match=answer):
        read_objective(metric, mode)


def test_every_metric_that_ranks_is_needed_once() -> None:
    objective = read_objective("a,b", "max,min", ["b <= 3", "c >= 1"])
    assert objective.needed == ("a", "b", "c")
    assert math.isclose(sum(objective.losses({"a": 2.0, "b": 3.0})), 1.0)
