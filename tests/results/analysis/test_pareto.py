"""The Pareto set: who is beaten in neither the score nor the rate of violations."""

from pathlib import Path

from made_up_sweep import MadeUpTrial, write_sweep

from results.analysis.pareto import pareto_set
from results.analysis.seed_groups import seed_groups
from results.record.sweeps import read_sweep

RATE = "Val/Budget_Violation_Rate"


def in_set(folder: Path, points: list[tuple[float, float]], mode: str = "max") -> list[int]:
    """The trials in the set, of some with these scores and rates."""
    trials = [MadeUpTrial({"lr": i}, (score,) * 3, columns={RATE: rate}) for i, (score, rate) in enumerate(points)]
    groups = seed_groups([read_sweep(write_sweep(folder, trials, mode=mode))])
    return [group.setting["lr"] for group in pareto_set(groups, mode)]


def test_points_that_another_beats_are_left_out(tmp_path: Path) -> None:
    #       best      beaten by 0   least     beaten by 2   between
    points = [(0.9, 0.5), (0.8, 0.5), (0.1, 0.1), (0.1, 0.2), (0.5, 0.3)]
    assert in_set(tmp_path / "a", points) == [0, 4, 2]  # the best score first


def test_equal_points_do_not_beat_each_other(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(0.5, 0.1), (0.5, 0.1), (0.4, 0.1)]) == [0, 1]


def test_where_less_is_better_less_wins(tmp_path: Path) -> None:
    assert in_set(tmp_path / "a", [(3.0, 0.1), (2.0, 0.2), (2.5, 0.2)], mode="min") == [1, 0]


def test_without_violations_there_is_no_set(tmp_path: Path) -> None:
    record = read_sweep(write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 1}, (0.5,) * 3)]))
    assert pareto_set(seed_groups([record]), "max") == []
