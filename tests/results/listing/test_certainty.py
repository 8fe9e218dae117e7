"""The sentences below a table: what beats what, how sure that is, and what chose the winner."""

import dataclasses
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from replicated_sweep import FRESH, parts, write_replicated

from results.analysis.comparison import Comparison, compare
from results.listing.certainty import gain_lines, ranking_lines, trust_line
from results.listing.formats import as_table
from results.listing.rows import list_trials
from results.record.on_test_data import OnTestData, write_on_test_data
from results.record.sweeps import read_sweep
from trainable.score_parts import Baseline, Judged


def comparison_of(folder: Path) -> Comparison:
    (comparison,) = compare([read_sweep(folder)])
    return comparison


def test_the_winner_stands_beside_the_starting_values_the_runner_up_and_what_the_search_saw(tmp_path: Path) -> None:
    lines = gain_lines(comparison_of(write_replicated(tmp_path / "a")))
    assert lines[:4] == [
        "Best: trial 4, Val/In_Budget_Accuracy 0.610 under one fresh seed (lr 4)",
        "Gain over the starting values: +0.100 (0.510 -> 0.610), 95 % interval +0.100 to +0.100 over 40 images: "
        "clearly better",
        "Lead over the runner-up, trial 2 (0.600): +0.010, 95 % interval +0.010 to +0.010 over 40 images: "
        "clearly better",
        "The search saw 0.600 of it: the seed that chose it did not flatter it",
    ]


def test_a_seed_that_chose_a_setting_is_said_to_flatter_it(tmp_path: Path) -> None:
    comparison = comparison_of(write_replicated(tmp_path / "a", [FRESH | {4: 0.55}]))
    assert "The search saw 0.630 of it: the seed that chose it flattered it by 0.030" in gain_lines(comparison)
    assert comparison.flattery == pytest.approx(0.03)


def test_a_score_of_some_epochs_is_no_flattery(tmp_path: Path) -> None:
    folder = write_replicated(tmp_path / "a")
    rows = (folder / "trial_00004" / "result.json").read_text(encoding="utf-8").splitlines(keepends=True)
    paused = rows[1].replace('"done": false', '"done": false, "paused": "rung"')
    (folder / "trial_00004" / "result.json").write_text(rows[0] + paused, encoding="utf-8")
    comparison = comparison_of(folder)
    assert comparison.flattery is None
    assert "The search saw 0.600 of it, in 2 epochs of 3" in gain_lines(comparison)


def test_several_fresh_seeds_have_an_interval_and_overlap_is_said(tmp_path: Path) -> None:
    seeds = [{0: 0.51, 2: 0.60, 4: 0.61}, {0: 0.51, 2: 0.62, 4: 0.62}]
    best, gain, lead, *_ = gain_lines(comparison_of(write_replicated(tmp_path / "a", seeds)))
    assert best.startswith("Best: trial 4, Val/In_Budget_Accuracy 0.615 ± 0.064 over 2 seeds")  # 12.7062 * .005
    # Of .10 and .11, and of .01 and .00: mean and half-width are .105 and .0635, .005 and .0635.
    assert "+0.105 (0.510 -> 0.615), 95 % interval +0.041 to +0.169 over 2 seeds: clearly better" in gain
    assert "(0.610): +0.005, 95 % interval -0.059 to +0.069 over 2 seeds: not told apart" in lead


def test_how_far_to_trust_it_depends_on_what_chose_the_winner(tmp_path: Path) -> None:
    searched, once, twice = (
        trust_line(comparison_of(write_replicated(tmp_path / str(seeds), [FRESH] * seeds))) for seeds in range(3)
    )
    assert searched.startswith("The winner was picked among 5 settings for its score")
    assert once.startswith("The score is of one seed that the setting was not chosen by: how much another seed")
    assert twice.startswith("The score is a mean over 2 seeds that the setting was not chosen by.")
    assert trust_line(comparison_of(write_sweep(tmp_path / "alone", [MadeUpTrial({"lr": 1.0}, (0.5,))]))) == ""


def test_the_table_says_of_every_row_what_its_score_is_of(tmp_path: Path) -> None:
    comparison = comparison_of(write_replicated(tmp_path / "a"))
    assert as_table(list_trials(comparison)).plain.splitlines() == [
        "rank  trial  lr  score  evidence    gain                       epoch  status",
        "   1      4   4  0.610  fresh seed  +0.100 (+0.100 to +0.100)    2/3",
        "   2      2   2  0.600  fresh seed  +0.090 (+0.090 to +0.090)    2/3",
        "   3      1   1  0.550  fresh seed  +0.040 (+0.040 to +0.040)    2/3",
        "   4      0   0  0.510  fresh seed                               2/3  starting values",
        "   5      3   3  0.560  search                                   2/3",
    ]
    first, second = ranking_lines(comparison)
    assert first.startswith("evidence: what ran again under a fresh seed comes first, by the score there")
    assert second == "one seed has no interval over seeds; gain: over the starting values, with its paired 95 % " \
        "interval over 40 images"  # fmt: skip
    assert ranking_lines(comparison_of(write_replicated(tmp_path / "b", []))) == []


def test_other_programs_get_what_people_see(tmp_path: Path) -> None:
    comparison = comparison_of(write_replicated(tmp_path / "a"))
    best, *_, last = list_trials(comparison).rows
    expected = {"evidence": "fresh seed", "seeds": 1, "gain": 0.1, "gain_low": 0.1, "gain_over": "40 images"}
    assert {name: best[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert (last["evidence"], "gain" in last, "ci95" in best) == ("search", False, False)
    ungrouped = list_trials(comparison, ungrouped=True).rows
    assert [(row["trial"], row["seed"], row["evidence"]) for row in ungrouped[:5]] == [
        (8, 1, "fresh seed"), (7, 1, "fresh seed"), (6, 1, "fresh seed"), (5, 1, "fresh seed"), (2, 0, "search"),
    ]  # fmt: skip


def test_what_the_winner_does_on_test_data_is_said_as_long_as_it_is_the_winner(tmp_path: Path) -> None:
    folder = write_replicated(tmp_path / "a")
    judged = Judged({"Val/In_Budget_Accuracy": 0.59}, parts(0.59), (Baseline("best fixed", 0.5, 0.4, 0.6),))
    tested = OnTestData(8, 2, "made-up", judged)
    write_on_test_data(folder, tested)
    (line,) = (line for line in gain_lines(comparison_of(folder)) if "test data" in line)
    # Of 40 images, half .05 above and half below, the mean of a draw has the deviation .05 / sqrt(40) = .008.
    assert line == (
        "On test data, which no trial has seen: 0.590 (trial 8 after epoch 2; 95 % interval 0.575 to 0.605 over "
        "40 images); there best fixed 0.500"
    )
    for other in ({"trial": 7}, {"epoch": 1}, {"fingerprint": "other"}, {"judged": None}):
        write_on_test_data(folder, dataclasses.replace(tested, **other))
        assert not any("test data" in line for line in gain_lines(comparison_of(folder)))
