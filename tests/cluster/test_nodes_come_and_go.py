"""A node that dies amid a sweep, and one that joins it."""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from made_up_cluster import MadeUpCluster, printed_by
from quadratic_run import QuadraticRun, QuadraticSettings
from sweep_process import epochs_recorded, params, rows, trial_folders, wait_until

NUM_EPOCHS, BEFORE = 6, 3
PLACED = ("--run", "placed_run:KIND", "--scheduler", "none", "--sampler", "random", "--gpus_per_trial", 1)


@dataclass(frozen=True)
class Survived:
    """A sweep of four trials on four cards, of which two were lost and two others came."""

    sweep: Path
    lost: str
    joined: str
    printed: str


@pytest.fixture(scope="module")
def survived(cluster: MadeUpCluster, tmp_path_factory: pytest.TempPathFactory) -> Survived:
    storage = tmp_path_factory.mktemp("survived")
    sweep, gate = storage / "s", storage / "gate"
    cluster.add("short-lived", cpus=2, gpus=2)
    lost = cluster.id("short-lived")
    flags = (*PLACED, "--num_samples", 4, "--num_epochs", NUM_EPOCHS, "--gate", gate, "--gate_epoch", BEFORE)
    process = cluster.start_sweep(storage, "--name", "s", *flags)
    wait_until(lambda: epochs_recorded(sweep) == 4 * BEFORE, process)
    on_lost_node = [trial for trial in trial_folders(sweep) if rows(trial)[-1]["node_id"] == lost]
    assert len(on_lost_node) == 2
    killed = time.time()
    cluster.kill("short-lived")
    cluster.add("late", cpus=2, gpus=2)
    joined = cluster.id("late")
    said = lines_until(process, "has joined", "has left")
    # Each worker begins by making its trial's workspace anew.
    places = [trial / "workspace" for trial in on_lost_node]
    wait_until(lambda: all(place.exists() and place.stat().st_mtime > killed for place in places), process)
    gate.touch()
    printed = said + printed_by(process)
    cluster.kill("late")
    return Survived(sweep, lost, joined, printed)


def lines_until(process: "subprocess.Popen[str]", *awaited: str) -> str:
    """What it prints until all of these have been said."""
    said = ""
    assert process.stdout
    while not all(words in said for words in awaited):
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def test_no_epoch_is_lost_doubled_or_changed(survived: Survived) -> None:
    for trial in trial_folders(survived.sweep):
        uninterrupted = QuadraticRun(QuadraticSettings(**params(trial)), seed=0)
        expected = [{"training_iteration": epoch + 1, **uninterrupted.step()} for epoch in range(NUM_EPOCHS)]
        assert [{name: row[name] for name in expected[0]} for row in rows(trial)] == expected


def test_one_line_tells_of_the_lost_node_and_nothing_of_rays(survived: Survived) -> None:
    (line,) = [line for line in survived.printed.splitlines() if "has left" in line]
    said = (
        r"node short-lived \(\S+\) has left, and with it the workers of trials \d and \d, which go on from their newest"
    )
    assert re.match(said, line)
    assert "raylet" not in survived.printed
    assert "its worker" not in survived.printed
    assert len(survived.printed.splitlines()) < 60


def test_a_node_that_joins_is_used(survived: Survived) -> None:
    assert re.search(r"^node late \(\S+\) has joined: 2 more trials at a time$", survived.printed, re.MULTILINE)
    nodes = {row["node_id"] for trial in trial_folders(survived.sweep) for row in rows(trial)}
    assert {survived.lost, survived.joined} <= nodes


def test_each_trial_has_a_card_of_its_own(survived: Survived) -> None:
    there = [row for trial in trial_folders(survived.sweep) for row in rows(trial)]
    for node in (survived.lost, survived.joined):
        assert {row["gpu_ids"] for row in there if row["node_id"] == node} == {"0", "1"}
