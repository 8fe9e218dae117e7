"""Seeds of a setting: what counts, its mean and its interval."""

from pathlib import Path

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep
from replicated_sweep import FRESH, IMAGES, SEARCHED, write_replicated

from results.analysis.gains import gain_over
from results.analysis.importance import observations
from results.analysis.seed_groups import SeedGroup, estimate, seed_groups, telling_names
from results.record.sweeps import read_sweep
from trainable.ranking import read_objective

START, GOOD = {"lr": 1e-4, "group_size": 5}, {"lr": 4e-3, "group_size": 31}


def full(config: dict[str, object], score: float, **columns: object) -> MadeUpTrial:
    """A trial of all three epochs that is best in its second."""
    return MadeUpTrial(config, (score - 0.2, score, score - 0.1), columns=columns)


def confirming(folder: Path) -> Path:
    of_start, of_good = {1: 0.50, 2: 0.52, 3: 0.54}, {1: 0.60, 2: 0.64, 3: 0.62}
    trials = [
        full(setting | {"seed": seed}, scores[seed])
        for seed in (1, 2, 3)
        for setting, scores in ((START, of_start), (GOOD, of_good))
    ]
    return write_sweep(folder, trials, confirm="search")


def groups_of(*folders: Path) -> list[SeedGroup]:
    return seed_groups([read_sweep(folder) for folder in folders])


def test_a_mean_has_the_interval_of_students_t() -> None:
    found = estimate([0.60, 0.64, 0.62])
    assert found.mean == pytest.approx(0.62)
    assert found.half_width == pytest.approx(4.302653 * 0.02 / 3**0.5, rel=1e-6)  # t(.975, 2) s / sqrt(3)
    assert found.n == 3


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    (group,) = groups_of(write_sweep(tmp_path / "a", [full(START, 0.5)]))
    assert group.score is not None
    assert (group.score.mean, group.score.half_width, group.score.n) == (0.5, None, 1)


def test_trials_that_differ_by_their_seed_alone_are_one_setting_and_the_best_comes_first(tmp_path: Path) -> None:
    best, start = groups_of(confirming(tmp_path / "a"))
    assert best.setting == GOOD
    assert [trial.seed for trial in best.counted] == [1, 2, 3]
    assert (best.has_starting_values, start.has_starting_values) == (False, True)


def test_the_gain_is_paired_by_seed(tmp_path: Path) -> None:
    good, start = groups_of(confirming(tmp_path / "a"))
    found = gain_over(start, good, "max")
    assert (found.value, found.resampled, found.drawn) == (pytest.approx(0.10), "seed", 3)  # of .10, .12 and .08
    assert found.high == pytest.approx(0.10 + 4.302653 * 0.02 / 3**0.5, rel=1e-6)  # t(.975, 2) s / sqrt(3)


def test_a_setting_that_was_picked_for_its_score_is_judged_by_its_confirming_seeds(tmp_path: Path) -> None:
    search = write_sweep(tmp_path / "search", [full(START, 0.51), full(GOOD, 0.70)])
    best, _ = groups_of(search, confirming(tmp_path / "a"))
    assert len(best.trials) == 4
    assert best.score is not None
    assert (best.score.n, best.score.mean) == (3, pytest.approx(0.62))


def test_a_trial_that_still_runs_does_not_count_beside_one_that_ran_in_full(tmp_path: Path) -> None:
    trials = [full(START | {"seed": 1}, 0.5), MadeUpTrial(START | {"seed": 2}, (0.1,), ended=False)]
    (group,) = groups_of(write_sweep(tmp_path / "a", trials, confirm="search"))
    assert [trial.seed for trial in group.counted] == [1]


def test_the_same_seed_twice_is_one_seed(tmp_path: Path) -> None:
    (group,) = groups_of(*(write_sweep(tmp_path / name, [full(START, 0.5)]) for name in "ab"))
    assert len(group.trials) == 2
    assert group.score is not None
    assert group.score.n == 1


def test_sweeps_of_different_seeds_make_two_seeds_of_a_setting(tmp_path: Path) -> None:
    (group,) = groups_of(*(write_sweep(tmp_path / str(seed), [full(START, 0.5)], seed=seed) for seed in (0, 1)))
    assert [trial.seed for trial in group.counted] == [0, 1]


def test_what_one_sweep_searches_and_the_other_holds_fixed_is_the_same_setting(tmp_path: Path) -> None:
    searched = write_sweep(tmp_path / "a", [full({"lr": 1e-3, "group_size": 8}, 0.5)], seed=1)
    fixed = write_sweep(tmp_path / "b", [full({"lr": 1e-3}, 0.6)], group_size=8, seed=2)
    (group,) = groups_of(searched, fixed)
    assert group.setting == {"lr": 1e-3, "group_size": 8}


def test_sweeps_that_differ_in_a_setting_of_the_run_are_told_apart_by_it(tmp_path: Path) -> None:
    folders = [write_sweep(tmp_path / recipe, [full(START, 0.5)], recipe=recipe) for recipe in ("default", "original")]
    assert telling_names([read_sweep(folder) for folder in folders]) == ["lr", "group_size", "recipe"]
    assert [group.setting["recipe"] for group in groups_of(*folders)] == ["default", "original"]


def test_a_metric_is_averaged_over_the_best_epochs(tmp_path: Path) -> None:
    trials = [full(START | {"seed": seed}, 0.5, **{"Val/Latency_Mean": ms}) for seed, ms in ((1, 10.0), (2, 14.0))]
    (group,) = groups_of(write_sweep(tmp_path / "a", trials, confirm="search"))
    assert group.mean_of("Val/Latency_Mean") == 12.0
    assert group.mean_of("Val/Nothing") is None


def test_settings_with_fresh_seeds_come_first_by_these_alone_and_the_others_by_what_the_search_saw(
    tmp_path: Path,
) -> None:
    groups = groups_of(write_replicated(tmp_path / "a"))
    assert [group.setting["lr"] for group in groups] == [4.0, 2.0, 1.0, 0.0, 3.0]
    assert [group.score and group.score.mean for group in groups] == [0.61, 0.60, 0.55, 0.51, 0.56]
    assert [group.is_confirmed for group in groups] == [True, True, True, True, False]
    assert [len(group.counted) for group in groups] == [1] * 5


def test_starting_values_that_alone_ran_again_come_before_nothing(tmp_path: Path) -> None:
    """As where a cap left no room: nobody has chosen them."""
    groups = groups_of(write_replicated(tmp_path / "a", [{0: 0.51}]))
    assert [group.setting["lr"] for group in groups] == [2.0, 4.0, 1.0, 3.0, 0.0]
    best_too = groups_of(write_replicated(tmp_path / "b", [{0: 0.51, 2: 0.52}]))
    assert [group.setting["lr"] for group in best_too] == [2.0, 0.0, 4.0, 1.0, 3.0]


def test_a_setting_whose_fresh_run_diverged_is_not_confirmed(tmp_path: Path) -> None:
    groups = groups_of(write_replicated(tmp_path / "a", [FRESH | {4: None}]))
    assert [group.setting["lr"] for group in groups] == [2.0, 1.0, 0.0, 4.0, 3.0]
    assert [group.is_confirmed for group in groups] == [True, True, True, False, False]


def test_two_settings_of_one_fresh_seed_each_have_an_interval_over_what_they_were_judged_on(tmp_path: Path) -> None:
    best, second, *_ = groups_of(write_replicated(tmp_path / "a"))
    found = gain_over(second, best, "max")
    assert (found.resampled, found.drawn) == ("image", IMAGES)
    assert (found.value, found.low) == (pytest.approx(0.01), pytest.approx(0.01))  # each image gained as much


def test_what_decides_is_told_from_the_scores_that_the_search_saw(tmp_path: Path) -> None:
    found = observations(groups_of(write_replicated(tmp_path / "a")), read_objective(METRIC, "max"))
    assert sorted((one.setting["lr"], one.value) for one in found) == list(enumerate(SEARCHED))


def test_a_fresh_seed_that_still_runs_is_no_second_seed_of_the_search(tmp_path: Path) -> None:
    searched = MadeUpTrial(START, (0.5,), ended=False)
    (group,) = groups_of(write_sweep(tmp_path / "a", [searched, MadeUpTrial(START | {"seed": 1}, (0.7,), ended=False)]))
    assert [trial.seed for trial in group.counted] == [0]
