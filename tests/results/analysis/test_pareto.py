"""The Pareto set: who is beaten in neither the score nor what it may cost."""

from pathlib import Path

from made_up_sweep import MadeUpTrial, write_sweep

from results.analysis.pareto import pareto_set
from results.analysis.seed_groups import seed_groups
from results.record.sweeps import read_sweep
from trainable.score_parts import Metric

RATE = Metric("Val/Words", direction="min")


def in_set(
    folder: Path, points: list[tuple[float, float]], mode: str = "max", trade_off: Metric | None = RATE
) -> list[int]:
    """The trials in the set, of some with these scores and rates."""
    trials = [MadeUpTrial({"lr": i}, (score,) * 3, columns={RATE.name: rate}) for i, (score, rate) in enumerate(points)]
    groups = seed_groups([read_sweep(write_sweep(folder, trials, mode=mode))])
    return [group.setting["lr"] for group in pareto_set(groups, mode, trade_off)]


def test_points_that_another_beats_are_left_out(tmp_path: Path) -> None:
    #       best      beaten by 0   least     beaten by 2   between
    points = [(0.9, 0.5), (0.8, 0.5), (0.1, 0.1), (0.1, 0.2), (0.5, 0.3)]
    assert in_set(tmp_path / "a", points) == [0, 4, 2]  # the best score first


def test_equal_points_do_not_beat_each_other(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(0.5, 0.1), (0.5, 0.1), (0.4, 0.1)]) == [0, 1]


def test_where_less_is_better_less_wins(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(3.0, 0.1), (2.0, 0.2), (2.5, 0.2)], mode="min") == [1, 0]


def test_where_more_of_what_is_traded_is_better_more_of_it_wins(tmp_path: Path) -> None:
    speed = Metric(RATE.name, direction="max")
    assert in_set(tmp_path / "a", [(0.9, 10.0), (0.8, 5.0), (0.7, 20.0)], trade_off=speed) == [0, 2]


def test_without_anything_to_trade_there_is_no_set(tmp_path: Path) -> None:
    record = read_sweep(write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 1}, (0.5,) * 3)]))
    assert pareto_set(seed_groups([record]), "max", RATE) == []  # no trial reports it
    assert in_set(tmp_path / "b", [(0.9, 0.5)], trade_off=None) == []


def test_a_sweep_that_is_ranked_by_what_its_score_may_cost_trades_nothing(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 1}, (0.5,) * 3)]
    assert read_sweep(write_sweep(tmp_path / "a", trials)).trade_off
    assert (
        read_sweep(write_sweep(tmp_path / "b", trials, metric="Val/Budget_Violation_Rate", mode="min")).trade_off
        is None
    )
