"""A search that ends when its best score has stopped growing."""

from pathlib import Path

import pytest

from results.record.trial.failures import Failure
from results.record.trial.record import TrialRecord
from trainable.contract import UserError
from trainable.ranking import Constraint, Objective, Row
from tune.searching.stopping import Gains, StopWhen, read_stop_when

MAX = Objective(("m",), ("max",))


@pytest.mark.parametrize(
    "text", ["gain < 0.003 in 20 trials", "gain<3e-3 in 20 trials", "  gain  <  .003  in 20 trials "]
)
def test_a_rule_is_read_as_people_write_it(text: str) -> None:
    assert read_stop_when(text) == StopWhen(0.003, 20)


@pytest.mark.parametrize(
    "text",
    [
        "gain < 0 in 20 trials", "gain < -1 in 20 trials", "gain < nan in 20 trials", "gain < 0.1 in 0 trials",
        "gain < 0.1 in 2.5 trials", "gain > 0.1 in 20 trials", "gain < 0.1 in 20 epochs", "gain < 0.1",
        "gain < x in 2 trials", "gain < 0.1 in 20 trials or so",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(UserError, match=r"stop_when is .* 'gain < 0\.003 in 20 trials'"):
        read_stop_when(text)


def after(*scores: float, objective: Objective = MAX) -> Gains:
    """Trials of one epoch."""
    gains = Gains(objective)
    for number, score in enumerate(scores):
        gains.hear({"training_iteration": 1, "m": score})
        gains.end(number)
    return gains


def test_it_is_over_when_the_last_trials_added_less_than_the_rule_asks() -> None:
    rule = StopWhen(0.01, 3)
    assert not after(0.50, 0.60).is_over(rule)  # there have not been as many
    assert not after(0.50, 0.60, 0.3, 0.3).is_over(rule)  # the best of then is of the third last
    assert after(0.50, 0.60, 0.3, 0.605, 0.3).is_over(rule)
    assert not after(0.50, 0.60, 0.3, 0.611, 0.3).is_over(rule)
    assert after(-0.50, -0.60, -0.3, -0.605, -0.3, objective=Objective(("m",), ("min",))).is_over(rule)


def test_a_trial_that_is_promoted_counts_once_and_what_it_gains_counts() -> None:
    gains = after(0.50, 0.60, 0.3, 0.3)
    gains.end(3)  # at its next rung
    assert not gains.is_over(StopWhen(0.01, 4))
    gains.end(4)
    assert gains.is_over(StopWhen(0.01, 3))
    gains.hear({"training_iteration": 9, "m": 0.7})
    assert not gains.is_over(StopWhen(0.01, 3))


def test_a_first_setting_that_satisfies_the_constraints_is_a_gain_whatever_its_score() -> None:
    gains = Gains(Objective(("m",), ("max",), (Constraint("late", "<=", 0.1),)))
    for number, late in enumerate((0.5, 0.5, 0.0)):
        gains.hear({"training_iteration": 1, "m": 0.9 - late, "late": late})
        gains.end(number)
    assert not gains.is_over(StopWhen(100.0, 1))
    gains.end(3)
    assert gains.is_over(StopWhen(100.0, 1))


def test_no_score_at_all_ends_nothing() -> None:
    assert not after(*[float("nan")] * 5).is_over(StopWhen(1.0, 2))


def test_the_record_tells_what_was_seen_live() -> None:
    """Trial 1 was paused and promoted, trial 2 runs, trial 3 failed: rows in the order in which they came."""
    order = [(0, 0.5), (1, 0.4), (0, 0.5), (2, 0.55), (3, 0.3), (1, 0.6), (2, 0.5)]
    ends = {2: 0, 1: 1, 5: 1}  # arrival: trial; trial 1 ends twice
    live, rows = Gains(MAX), dict[int, list[Row]]()
    for arrival, (number, score) in enumerate(order):
        row: Row = {"training_iteration": len(rows.get(number, ())) + 1, "m": score, "arrival": arrival}
        row["done"] = arrival in (2, 5)
        rows.setdefault(number, []).append(row | ({"paused": "rung"} if arrival == 1 else {}))
        live.hear(row)
        if arrival in ends:
            live.end(ends[arrival])
    replayed = Gains(MAX)
    replayed.follow(_trial(number, of_trial) for number, of_trial in rows.items())
    assert vars(replayed) == vars(live)
    assert live.is_over(StopWhen(0.11, 1))
    assert not live.is_over(StopWhen(0.09, 1))


def _trial(number: int, rows: list[Row]) -> TrialRecord:
    failure = Failure("diverged", 2, "NaN") if number == 3 else None
    return TrialRecord(number, Path("nowhere"), {}, tuple(rows), failure)
