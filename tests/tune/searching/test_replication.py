"""Which settings run again under fresh seeds once a search is over, and under which."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replicated_sweep import FRESH, write_replicated

from results.record.sweeps import read_sweep
from tune.searching.replication import finalists, replicates_wanted

NARROW = {0: 0.51, 1: 0.605, 2: 0.60, 4: 0.61}
"""The best three are close to each other."""


def wanted(folder: Path) -> list[tuple[float, int]]:
    """The lr, which is the number of the search's trial, and the seed of each."""
    record = read_sweep(folder)
    found = replicates_wanted(record, record.settings["replicate"], record.settings["replicate_seeds"])
    return [(config["lr"], config["seed"]) for config in found]


def search(folder: Path, *fresh: Mapping[int, float | None], **settings: Any) -> Path:
    return write_replicated(folder, fresh, **{"replicate": 3, "replicate_seeds": 1, **settings})


def blur(folder: Path) -> None:
    """Let no run tell what its score is made of: one seed has no interval then."""
    for file in folder.glob("trial_*/checkpoint_*/details.json"):
        file.unlink()


def test_the_starting_values_and_the_best_settings_run_again_under_the_next_seed(tmp_path: Path) -> None:
    """The best one first: a cap may leave no room for more."""
    assert wanted(search(tmp_path / "a")) == [(2.0, 1), (0.0, 1), (4.0, 1), (1.0, 1)]
    assert wanted(search(tmp_path / "b", replicate=1, seed=7)) == [(2.0, 8), (0.0, 8)]
    assert wanted(search(tmp_path / "c", replicate=0)) == []
    assert wanted(search(tmp_path / "d", searched=(0.5,))) == []  # of one setting, nothing was chosen
    assert wanted(search(tmp_path / "e", mode="min")) == [(3.0, 1), (0.0, 1), (1.0, 1), (4.0, 1)]


def test_a_setting_that_two_trials_ran_is_one_finalist(tmp_path: Path) -> None:
    folder = search(tmp_path / "a")
    (folder / "trial_00004" / "params.json").write_text(json.dumps({"lr": 2.0}), encoding="utf-8")
    assert wanted(folder) == [(2.0, 1), (0.0, 1), (1.0, 1), (3.0, 1)]


def test_what_a_paused_or_a_stopped_trial_has_reached_counts(tmp_path: Path) -> None:
    folder = search(tmp_path / "a", replicate=1)
    file = folder / "trial_00002" / "result.json"
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for end in ('"done": true', '"done": false, "paused": "rung"'):
        file.write_text(rows[0] + rows[1].replace('"done": false', end), encoding="utf-8")
        assert wanted(folder) == [(2.0, 1), (0.0, 1)]


def test_what_ran_or_runs_already_is_not_wanted_again_also_where_it_failed(tmp_path: Path) -> None:
    assert wanted(search(tmp_path / "a", FRESH)) == []
    assert wanted(search(tmp_path / "b", FRESH | {2: None})) == []
    folder = search(tmp_path / "c", {0: 0.51, 2: 0.60})
    (folder / "trial_00006" / "result.json").unlink()  # of trial 2's setting
    assert wanted(folder) == [(4.0, 1), (1.0, 1)]


def test_an_extended_search_runs_its_new_finalists_alone(tmp_path: Path) -> None:
    folder = search(tmp_path / "a", FRESH, searched=(0.50, 0.58, 0.63, 0.56, 0.60, 0.70))
    assert wanted(folder) == [(5.0, 1)]


def test_further_seeds_are_for_those_that_the_first_does_not_tell_from_the_leader(tmp_path: Path) -> None:
    told_apart = search(tmp_path / "a", NARROW, replicate_seeds=3)
    assert wanted(told_apart) == []  # on each image the leader gains as much: the paired intervals have no width
    blurred = search(tmp_path / "b", NARROW, replicate_seeds=3)
    blur(blurred)
    assert wanted(blurred) == [(4.0, 2), (1.0, 2), (2.0, 2), (0.0, 2)]


def test_two_seeds_are_compared_over_seeds_and_only_what_still_overlaps_goes_on(tmp_path: Path) -> None:
    second = {0: 0.52, 1: 0.606, 2: 0.601, 4: 0.64}
    # The starting values are .10 and .12 behind: .11, and 12.7 * .01 to either side, which holds 0.
    folder = search(tmp_path / "a", NARROW, second, replicate_seeds=3)
    assert wanted(folder) == [(4.0, 3), (1.0, 3), (2.0, 3), (0.0, 3)]
    clear = search(tmp_path / "b", NARROW, second | {0: 0.541}, replicate_seeds=3)  # .10 and .099: 12.7 * .0005
    assert wanted(clear) == [(4.0, 3), (1.0, 3), (2.0, 3)]
    assert wanted(search(tmp_path / "c", NARROW, second, replicate_seeds=2)) == []


def test_a_round_of_seeds_is_run_to_its_end_before_the_next_is_chosen(tmp_path: Path) -> None:
    folder = search(tmp_path / "a", NARROW, {4: 0.61, 1: 0.60}, replicate_seeds=3)
    blur(folder)
    assert wanted(folder) == [(2.0, 2), (0.0, 2)]
    (folder / "trial_00009" / "result.json").unlink()
    assert wanted(folder) == []


def test_no_seeds_are_spent_where_no_finalist_was_confirmed(tmp_path: Path) -> None:
    assert wanted(search(tmp_path / "a", dict.fromkeys(FRESH), replicate_seeds=3)) == []


def test_replicates_are_no_trials_of_the_search(tmp_path: Path) -> None:
    record = read_sweep(search(tmp_path / "a", {3: 0.99}))
    assert [setting["lr"] for setting in finalists(record, 2)] == [0.0, 2.0, 4.0]
