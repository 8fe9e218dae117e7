"""The rule by which trials are ranked."""

from math import inf, nan
from typing import Any

import pytest

from trainable.ranking import Row, best_first, best_row, better


def test_a_trials_score_is_its_best_epoch_and_the_first_of_equal_ones() -> None:
    rows = [{"m": 0.2}, {"m": 0.5}, {"m": 0.5}, {"m": 0.1}]
    assert best_row(rows, "m", "max") is rows[1]
    assert best_row(rows, "m", "min") is rows[3]


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("value", [nan, inf, -inf, None, "0.9"])
def test_a_value_that_is_not_finite_never_ranks_wherever_it_comes(value: object, mode: str) -> None:
    ranking = [{"m": 0.3}, {"m": value}, {"m": 0.3}]
    assert best_row(ranking, "m", mode) is ranking[0]
    assert best_row(ranking[1:], "m", mode) is ranking[2]
    assert best_row([{"m": value}, {}], "m", mode) is None


def test_trials_without_a_score_come_last_and_equal_ones_as_they_came() -> None:
    scores = {"a": 0.1, "b": None, "c": 0.4, "d": 0.1}
    assert best_first(scores, scores.__getitem__, "max") == ["c", "a", "d", "b"]
    assert best_first(scores, scores.__getitem__, "min") == ["a", "d", "c", "b"]


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
        best = better(best, CountedRow(m=epoch % 100), "m", "max")
    assert best == {"m": 99}
    assert CountedRow.reads < 2 * 5000
