"""What is traded for what: who is beaten in all objectives, and how far the others reach."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep

from results.analysis.comparison import Comparison
from results.record.sweeps import read_sweep

RATE = "Val/Budget_Violation_Rate"
LATE = "Val/Late"


def comparison(
    folder: Path, points: Sequence[tuple[float, float]], late: Mapping[int, float] | None = None, **settings: object
) -> Comparison:
    """Of trials with these scores and rates; `late` is another column of some."""
    late = late or {}
    trials = [
        MadeUpTrial({"lr": number}, (score,) * 3, columns={RATE: rate, LATE: late.get(number, 0.0)})
        for number, (score, rate) in enumerate(points)
    ]
    return Comparison((read_sweep(write_sweep(folder, trials, **settings)),))


def in_set(folder: Path, points: Sequence[tuple[float, float]], **settings: object) -> list[int]:
    """The trials in the set."""
    found = comparison(folder, points, **settings).trade_off
    assert found
    return [group.setting["lr"] for group in found.pareto_set]


def test_points_that_another_beats_are_left_out(tmp_path: Path) -> None:
    #       best      beaten by 0   least     beaten by 2   between
    points = [(0.9, 0.5), (0.8, 0.5), (0.1, 0.1), (0.1, 0.2), (0.5, 0.3)]
    assert in_set(tmp_path / "a", points) == [0, 4, 2]  # the best score first


def test_equal_points_do_not_beat_each_other(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(0.5, 0.1), (0.5, 0.1), (0.4, 0.1)]) == [0, 1]


def test_where_less_is_better_less_wins(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(3.0, 0.1), (2.0, 0.2), (2.5, 0.2)], mode="min") == [1, 0]


def test_where_more_of_the_second_is_better_more_of_it_wins(tmp_path: Path) -> None:
    both = {"metric": f"{METRIC},{RATE}", "mode": "max,max", "constraint": []}
    assert in_set(tmp_path / "a", [(0.9, 10.0), (0.8, 5.0), (0.7, 20.0)], **both) == [0, 2]


def test_without_anything_to_trade_there_is_no_set(tmp_path: Path) -> None:
    record = read_sweep(write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 1}, (0.5,) * 3)]))
    found = Comparison((record,)).trade_off
    assert found
    assert found.pareto_set == ()  # no trial reports it


def test_a_sweep_that_is_ranked_by_what_its_score_may_cost_trades_nothing(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 1}, (0.5,) * 3)]
    assert read_sweep(write_sweep(tmp_path / "a", trials)).trade_off
    record = read_sweep(write_sweep(tmp_path / "b", trials, metric=RATE, mode="min"))
    assert record.trade_off is None
    assert Comparison((record,)).trade_off is None


def test_a_setting_that_violates_a_constraint_is_in_no_front_and_beats_nobody(tmp_path: Path) -> None:
    both = {"metric": f"{METRIC},{RATE}", "mode": "max,min", "constraint": [f"{LATE} <= 0.5"]}
    found = comparison(tmp_path / "a", [(0.9, 0.1), (0.8, 0.2), (0.7, 0.3)], {0: 0.6}, **both)
    assert found.trade_off
    assert [found.trade_off.front_of(group) for group in found.groups] == [1, 2, None]
    assert [group.setting["lr"] for group in found.groups] == [1, 2, 0]
    assert [found.excess(group) for group in found.groups] == [0.0, 0.0, pytest.approx(0.2)]  # 0.1 of 0.5


def test_the_hypervolume_lies_between_the_set_and_a_point_behind_the_worst_of_all(tmp_path: Path) -> None:
    both = {"metric": f"{METRIC},{RATE}", "mode": "max,min", "constraint": []}
    found = comparison(tmp_path / "a", [(0.8, 0.5), (0.4, 0.1), (0.3, 0.6)], **both).trade_off
    assert found
    # Ranges: scores 0.3 to 0.8, rates 0.1 to 0.6. Trial 0 reaches (0.8 - 0.25) x (0.65 - 0.5), trial 1 below its rate
    # (0.4 - 0.25) x (0.5 - 0.1) more.
    assert found.reference == pytest.approx((0.25, 0.65))
    assert found.hypervolume == pytest.approx(0.55 * 0.15 + 0.15 * 0.4)
