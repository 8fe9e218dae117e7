"""benchmarks/search_efficiency.py: what its landscapes promise, and that it plays searches as it says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from search.curves import curves_file, read_recording
from search.landscape import Landscape, read_landscape
from search.luck import flattery
from search.outcomes import read_outcomes
from search.played import PlayedSearch, Spent
from search.unit_cube import config_at, points

from search_spaces.choose import load_space

COMMAND = Path(__file__).resolve().parent.parent / "benchmarks" / "search_efficiency.py"
PROFILE = "digit_vqa"
METHODS = ("random + ASHA", "ours")


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    return read_landscape(PROFILE, "joint_controller")


@pytest.mark.parametrize("space", ["joint_controller", "wide"])
def test_a_landscape_gives_back_what_was_recorded(space: str) -> None:
    recording = read_recording(curves_file(PROFILE, space))
    several = [setting for setting in recording.settings if len(setting.curves) > 1]
    landscape = read_landscape(PROFILE, space)

    qualities = landscape.qualities(points(landscape.space, [setting.config for setting in several]))

    recorded = np.array([np.mean([max(curve) for curve in setting.curves.values()]) for setting in several])
    off = qualities - recorded
    assert len(several) > 200
    assert abs(off.mean()) < 0.002
    assert np.sqrt((off**2).mean()) < 0.012  # of qualities from .4 to .65
    assert np.corrcoef(qualities, recorded)[0, 1] > 0.96
    assert 0 <= landscape.fit.best_quality - recorded.max() + 0.005 < 0.01  # and promises nothing beyond


def test_luck_is_as_large_in_a_landscape_as_in_the_recorded_seeds(landscape: Landscape) -> None:
    for one in flattery(landscape, of_settings=(5, 20)):
        assert one.in_landscape == pytest.approx(one.recorded, rel=0.15)
        assert 0.002 < one.recorded < 0.008


def test_a_setting_is_where_its_point_in_the_unit_cube_says() -> None:
    space = load_space("wide").distributions
    for place in np.random.default_rng(0).random((50, len(space))):
        config = config_at(space, place)
        (point,) = points(space, [config])
        assert config_at(space, point) == pytest.approx(config)
        assert np.abs(point - place).max() <= 0.25  # half a cell of the coarsest, the choice of two


def test_trials_have_their_own_luck_and_the_same_one_again(landscape: Landscape) -> None:
    def scores(seed: int) -> list[list[float]]:
        search = PlayedSearch(landscape, seed, budget=4, replicate_at=4)
        numbers = [search.begin(landscape.fit.best_config) for _ in range(2)]
        return [[search.train(number) for _ in range(2)] for number in numbers]

    assert scores(0) == scores(0) != scores(1)
    first, second = scores(0)
    assert first != second


def test_a_search_has_the_epochs_it_was_given_and_its_choice_is_the_best_score(landscape: Landscape) -> None:
    search = PlayedSearch(landscape, seed=0, budget=50, replicate_at=40)
    start = {"lr": 1e-4, "group_size": 5, "budget_penalty": 10.0}
    poor, good = search.begin(start), search.begin(landscape.fit.best_config)
    for number in [poor] * 30 + [good] * 20:
        search.train(number)
    with pytest.raises(Spent):
        search.train(good)

    assert [trial.epochs for trial in search.trials] == [30, 20]
    since, quality = search.chosen[-1]
    assert 30 < since <= 50
    assert quality == pytest.approx(landscape.fit.best_quality) != search.chosen[0][1]
    assert search.replicated is not None
    assert search.replicated.trials == 2


def play(output: Path, seed: int) -> None:
    command = [
        sys.executable,
        COMMAND,
        "play",
        "--space",
        "joint_controller",
        "--methods",
        *METHODS,
        "--output",
        output,
    ]
    flags = {"repetitions": 2, "seed": seed, "budget": 60, "replicate_at": 40}
    subprocess.run([*command, *(f"--{name}={value}" for name, value in flags.items())], check=True, capture_output=True)


def test_more_repetitions_are_added_and_the_tables_show_them(tmp_path: Path) -> None:
    output, picture = tmp_path / "results.jsonl", tmp_path / "regret.svg"
    play(output, seed=0)
    first = output.read_text(encoding="utf-8")
    play(output, seed=1)  # of which 1 is there

    assert output.read_text(encoding="utf-8").startswith(first)
    outcomes = read_outcomes([output])
    assert [(one.method, one.seed) for one in outcomes] == [
        *((method, seed) for method in METHODS for seed in (0, 1)),
        *((method, 2) for method in METHODS),
    ]
    assert len(first.splitlines()) == 4
    assert json.loads(first.splitlines()[0])["budget"] == 60

    shown = subprocess.run(
        [sys.executable, COMMAND, "tables", output, "--picture", picture],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    assert all(f"| {method} | 3 |" in shown for method in METHODS)
    assert all(method in picture.read_text(encoding="utf-8") for method in METHODS)
