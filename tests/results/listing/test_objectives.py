"""Several objectives and constraints in the table: who is of use, who is beaten, what is said of it."""

import csv
import io
from pathlib import Path

import pytest
from compare_here import compare_here
from made_up_sweep import METRIC, MadeUpTrial, write_sweep

LATENCY, LATE = "Val/Latency_Mean", "Val/Late"
BOTH = {"metric": f"{METRIC},{LATENCY}", "mode": "max,min"}


def trial(lr: float, score: float, latency_ms: float, late: float) -> MadeUpTrial:
    return MadeUpTrial({"lr": lr}, (score / 2, score), columns={LATENCY: latency_ms, LATE: late})


TRIALS = [
    trial(0.1, 0.5, 50.0, 0.01),
    trial(0.2, 0.9, 90.0, 0.2),  # the best score, and too often late
    trial(0.3, 0.7, 95.0, 0.05),
    trial(0.4, 0.6, 99.0, 0.0),  # beaten by the one before
]


def table(sweep: Path, *flags: str) -> str:
    shown = compare_here(sweep, *flags)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def test_what_violates_a_constraint_is_marked_and_comes_last_whatever_its_score(tmp_path: Path) -> None:
    shown = table(write_sweep(tmp_path / "a", TRIALS, constraint=[f"{LATE} <= 0.05"]))
    head, *rows = (line.split() for line in shown.splitlines()[4:9])
    assert head == ["rank", "trial", "lr", "score", LATE, "feasible", "epoch", "status"]
    assert [row[1:6] for row in rows] == [
        ["2", "0.3", "0.700", "0.05", "yes"],
        ["3", "0.4", "0.600", "0", "yes"],
        ["0", "0.1", "0.500", "0.01", "yes"],
        ["1", "0.2", "0.900", "0.2", "no"],
    ]
    assert f"score: the max of {METRIC} over a trial's epochs that satisfy {LATE} <= 0.05; epoch" in shown
    assert f"1 of 4 settings violates {LATE} <= 0.05: they are ranked behind the others" in shown
    assert f"Best: trial 2, {METRIC} 0.700" in shown


def test_when_none_satisfies_the_constraints_the_nearest_is_named(tmp_path: Path) -> None:
    several = [f"{LATE} <= -0.1", f"{LATENCY} <= 60"]
    shown = table(write_sweep(tmp_path / "a", TRIALS[1:], constraint=several))
    # Trial 1 is 0.3 of 0.1 off and 30 of 60 ms, trial 2 0.15 and 35, trial 3 0.1 and 39: the last is nearest (1.65).
    nearest = f"the nearest is trial 2 with {LATE} 0 and {LATENCY} 99"
    assert f"No trial satisfies {LATE} <= -0.1 and {LATENCY} <= 60: {nearest}" in shown


def test_of_several_objectives_the_pareto_set_comes_first_and_is_said_with_its_hypervolume(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "a", TRIALS, constraint=[f"{LATE} <= 0.05"], **BOTH)
    shown = table(sweep)
    assert f"ranked by Pareto rank over {METRIC} (max) and {LATENCY} (min), then" in shown
    assert f"Pareto set ({METRIC} up, {LATENCY} down, at the best epoch): trial 2 (0.700, 95.000), trial 0" in shown
    # Ranges of those of use: 0.5 to 0.7 and 50 to 99 ms, so the reference is (0.48, 103.9). Trial 0 reaches
    # 0.02 x 53.9, trial 2 beyond its score 0.2 x 8.9 more.
    assert "Its hypervolume: 2.858, from the reference point (0.48, 104)" in shown
    assert f"Best: trial 2, {METRIC} 0.700, {LATENCY} 95 (lr 0.3)" in shown
    assert f"Gain over the starting values: +0.200 (0.500 -> 0.700); {LATENCY} 50 -> 95" in shown
    assert "Lead over" not in shown
    rows = list(csv.DictReader(io.StringIO(table(sweep, "--format", "csv"))))
    assert [(row["trial"], row["front"], row["pareto"], row["feasible"]) for row in rows] == [
        ("2", "1", "True", "True"),
        ("0", "1", "True", "True"),
        ("3", "2", "False", "True"),
        ("1", "", "False", "False"),
    ]
    assert [float(row["hypervolume"]) for row in rows[:3]] == pytest.approx([2.858] * 3)


def test_starting_values_that_violate_a_constraint_are_said_to(tmp_path: Path) -> None:
    shown = table(write_sweep(tmp_path / "a", [TRIALS[1], *TRIALS[2:]], constraint=[f"{LATE} <= 0.05"]))
    assert "Gain over the starting values: -0.200 (0.900 -> 0.700); the starting values violate a constraint" in shown


def test_without_objectives_and_constraints_of_its_own_a_table_says_nothing_of_them(tmp_path: Path) -> None:
    shown = table(write_sweep(tmp_path / "a", TRIALS))
    assert not {"feasible", "front", "satisf", "hypervolume"} & set(shown.replace(":", " ").split())
    assert f"score: the max of {METRIC} over a trial's epochs; epoch: the best / the last" in shown


def test_sweeps_with_other_constraints_are_ranked_apart(tmp_path: Path) -> None:
    sweeps = [
        write_sweep(tmp_path / name, TRIALS, constraint=constraint)
        for name, constraint in (("free", []), ("in-time", [f"{LATE} <= 0.05"]))
    ]
    shown = table(sweeps[0], str(sweeps[1]))
    apart = f"their scores are the max of {METRIC} and the max of {METRIC}, where {LATE} <= 0.05"
    assert f"Not comparable, so ranked apart: free | in-time ({apart})" in shown
