"""A sweep with two objectives and a constraint: the place that a walker is to stay below stops it before it is highest.

One trial at a time, so that the sweep is the same each time.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from compare_here import compare_here
from made_once import made_once
from sweep_here import sweep_here
from sweep_process import QUADRATIC, rows, trial_folders
from wandb_file import offline_runs, summary

from results.record.sweeps import read_sweep

HEIGHT, PLACE, MOST = "Val/Height", "Train/Place", 0.2
TWO = (*QUADRATIC, "--metric", f"{HEIGHT},{PLACE}", "--constraint", f"{PLACE} <= {MOST}")
SMALL = ("--num_samples", 7, "--num_epochs", 6, "--seed", 3, "--max_concurrent_trials", 1, "--replicate", 0)


@dataclass(frozen=True)
class Swept:
    folder: Path
    printed: str


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    def sweep(storage: Path) -> Swept:
        done = sweep_here(storage, "--name", "two", *TWO, *SMALL, "--wandb_mode", "offline")
        assert done.returncode == 0, done.stderr
        return Swept(storage / "two", done.stdout)

    return made_once(tmp_path_factory, "two_objectives", sweep)


def standing_for(trial: Path) -> dict[str, Any]:
    """By the rule in words: the highest of the epochs that stay below; if none does, the one that is least beyond."""
    of_use = [row for row in rows(trial) if row[PLACE] <= MOST]
    return max(of_use, key=lambda row: row[HEIGHT]) if of_use else min(rows(trial), key=lambda row: row[PLACE])


def test_the_sweep_has_all_that_these_tests_are_about(swept: Swept) -> None:
    trials = trial_folders(swept.folder)
    violating = [trial for trial in trials if standing_for(trial)[PLACE] > MOST]
    climbs_on = [trial for trial in trials if standing_for(trial)[HEIGHT] < max(row[HEIGHT] for row in rows(trial))]
    assert violating
    assert {*climbs_on} - {*violating}
    assert any(len(rows(trial)) < 6 for trial in trials)


def test_a_trial_stands_by_its_best_epoch_that_satisfies_the_constraint_and_that_one_is_kept(swept: Swept) -> None:
    record = read_sweep(swept.folder)
    for trial in record.trials:
        expected = standing_for(trial.folder)
        assert record.best_row(trial) == expected
        assert record.score(trial) == expected[HEIGHT]
        checkpoint = record.best_checkpoint(trial)
        assert checkpoint
        assert checkpoint.is_dir()
        assert checkpoint.name == f"checkpoint_{expected['training_iteration']:06d}"


def test_the_table_has_the_pareto_set_first_and_what_violates_last(swept: Swept) -> None:
    shown = compare_here(swept.folder, "--format", "csv")
    assert shown.returncode == 0, shown.stderr
    listed = list(csv.DictReader(io.StringIO(shown.stdout)))
    there = [(standing_for(swept.folder / f"trial_{int(row['trial']):05d}"), row) for row in listed]
    of_use = [(row[HEIGHT], row[PLACE]) for row, _ in there if row[PLACE] <= MOST]
    for row, cells in there:
        is_beaten = any(height > row[HEIGHT] and place < row[PLACE] for height, place in of_use)
        assert cells["feasible"] == str(row[PLACE] <= MOST)
        assert (cells["front"] == "1") == (row[PLACE] <= MOST and not is_beaten) == (cells["pareto"] == "True")
    fronts = [int(cells["front"]) if cells["front"] else 99 for _, cells in there]
    assert fronts == sorted(fronts)
    assert fronts[-1] == 99


def test_the_sweep_says_at_its_start_and_end_what_ranks_its_trials(swept: Swept) -> None:
    assert f"ranked  by Pareto rank over {HEIGHT} (max) and {PLACE} (min), then by what each adds" in swept.printed
    assert f"score   the max of {HEIGHT} over a trial's epochs that satisfy {PLACE} <= {MOST}" in swept.printed
    assert f"violate {PLACE} <= {MOST}: they are ranked behind the others" in swept.printed.replace(
        "violates", "violate"
    )
    assert f"Pareto set ({HEIGHT} up, {PLACE} down, at the best epoch): trial" in swept.printed
    assert "Its hypervolume: " in swept.printed


def test_the_report_of_the_sweep_says_the_same(swept: Swept) -> None:
    page = (swept.folder / "report.html").read_text(encoding="utf-8")
    assert "What is traded for what" in page
    assert f"the max of {HEIGHT} over a trial&#39;s epochs that satisfy {PLACE} &lt;= {MOST}" in page


def test_at_wandb_a_run_has_the_values_of_the_epoch_that_stands_for_it_and_whether_it_is_of_use(swept: Swept) -> None:
    for trial in trial_folders(swept.folder):
        (file,) = offline_runs(trial)
        expected, found = standing_for(trial), summary(file)
        assert found["feasible"] == (expected[PLACE] <= MOST)
        assert (found["score"], found["best_epoch"]) == (expected[HEIGHT], expected["training_iteration"])
        assert found[f"best/{PLACE}"] == expected[PLACE]
