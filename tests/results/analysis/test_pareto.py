"""The Pareto set: who is beaten in neither the score nor the second metric."""

from pathlib import Path

from made_up_sweep import METRIC, MadeUpTrial, write_sweep

from results.analysis.pareto import pareto_places, pareto_set
from results.analysis.seed_groups import SeedGroup, seed_groups
from results.record.sweeps import read_sweep


def groups(folder: Path, points: list[tuple[float, dict[str, float]]], **settings: object) -> list[SeedGroup]:
    trials = [MadeUpTrial({"lr": i}, (score,) * 3, columns=columns) for i, (score, columns) in enumerate(points)]
    return seed_groups([read_sweep(write_sweep(folder, trials, **settings))])


def test_points_that_another_beats_are_left_out() -> None:
    #       best      beaten by 0   least     beaten by 2   between
    points = [(0.9, 5.0), (0.8, 5.0), (0.1, 1.0), (0.1, 2.0), (0.5, 3.0)]
    assert pareto_places(points) == [0, 2, 4]


def test_equal_points_do_not_beat_each_other() -> None:
    assert pareto_places([(0.5, 1.0), (0.5, 1.0), (0.4, 1.0)]) == [0, 1]
    assert pareto_places([]) == []


def test_violations_are_what_the_score_is_held_against(tmp_path: Path) -> None:
    rate = "Val/Budget_Violation_Rate"
    points = [(0.6, {rate: 0.3}), (0.5, {rate: 0.4}), (0.4, {rate: 0.0})]
    found = pareto_set(groups(tmp_path / "a", points), METRIC, "max")
    assert [group.setting["lr"] for group in found.groups] == [0, 2]
    assert (found.score_metric, found.against) == (METRIC, rate)


def test_another_metric_can_be_chosen_and_where_less_is_better_less_wins(tmp_path: Path) -> None:
    ranked = groups(tmp_path / "a", [(3.0, {"ms": 1.0}), (2.0, {"ms": 2.0}), (2.5, {"ms": 2.0})], mode="min")
    assert [group.setting["lr"] for group in pareto_set(ranked, METRIC, "min", "ms").groups] == [1, 0]


def test_without_the_second_metric_there_is_no_set(tmp_path: Path) -> None:
    assert pareto_set(groups(tmp_path / "a", [(0.5, {})]), METRIC, "max").groups == ()
