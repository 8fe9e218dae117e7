"""Two sweeps on one cluster: the first takes all its cards, five trials on each, and the second has to wait."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from made_up_cluster import MadeUpCluster, printed_by
from sweep_process import epochs_recorded, rows, trial_folders, wait_until

PLACED = ("--run", "placed_run:KIND", "--scheduler", "none", "--sampler", "random")
AT_A_TIME = 10
"""Fifths of the two cards."""


@dataclass(frozen=True)
class Shared:
    """What came of them."""

    first: Path
    second: Path
    printed: str
    said_while_waiting: list[str]
    printed_by_second: str


@pytest.fixture(scope="module")
def shared(cluster: MadeUpCluster, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    storage = tmp_path_factory.mktemp("shared")
    gate, num_samples = storage / "gate", AT_A_TIME + 1
    flags = (*PLACED, "--num_epochs", 2, "--gate", gate, "--gate_epoch", 1, "--cpus_per_trial", 0.2)
    first = cluster.start_sweep(
        storage, "--name", "first", *flags, "--num_samples", num_samples, "--gpus_per_trial", 0.2
    )
    wait_until(lambda: epochs_recorded(storage / "first") == AT_A_TIME, first)
    second = cluster.start_sweep(
        storage, "--name", "second", *PLACED, "--num_samples", 1, "--num_epochs", 1, "--gpus_per_trial", 1
    )
    assert second.stdout
    said = []
    for line in second.stdout:
        said.append(line.strip())
        if "waits for" in line:
            break
    gate.touch()
    return Shared(storage / "first", storage / "second", printed_by(first), said, printed_by(second))


def shown(sweep: Path) -> list[dict[str, Any]]:
    """What each epoch showed of where it was trained, with its trial and the row's own columns."""
    found = []
    for trial in trial_folders(sweep):
        lines = (trial / "samples.jsonl").read_text(encoding="utf-8").splitlines()
        for row, line in zip(rows(trial), lines, strict=True):
            (sample,) = json.loads(line)["samples"]
            found.append({**sample, "trial": trial.name, "row": row})
    return found


def test_a_fifth_of_a_gpu_packs_five_trials_on_each_card(shared: Shared, cluster: MadeUpCluster) -> None:
    assert f"{AT_A_TIME} at a time, each on 0.2 CPU core and 0.2 GPU" in shared.printed
    before_the_gate = [epoch for epoch in shown(shared.first) if epoch["row"]["training_iteration"] == 1]
    first_ten = sorted(before_the_gate, key=lambda epoch: epoch["row"]["arrival"])[:AT_A_TIME]
    by_card = Counter((epoch["node"], epoch["cards"]) for epoch in first_ten)
    assert by_card == {(cluster.id("a"), "0"): 5, (cluster.id("b"), "0"): 5}


def test_no_card_is_given_away_twice(shared: Shared) -> None:
    events = []
    for epoch in shown(shared.first) + shown(shared.second):
        card = epoch["node"], epoch["cards"]
        events += [(epoch["began"], epoch["gpus"], card), (epoch["ended"], -epoch["gpus"], card)]
    held: Counter[tuple[str, str]] = Counter()
    for _, share, card in sorted(events):
        held[card] += share
        assert held[card] <= 1 + 1e-9


def test_each_trial_sees_the_one_card_that_its_row_names(shared: Shared) -> None:
    epochs = shown(shared.first)
    assert len(epochs) == 2 * (AT_A_TIME + 1)
    for epoch in epochs:
        row = epoch["row"]
        assert (epoch["cards"], epoch["node"]) == (row["gpu_ids"], row["node_id"])
        assert row["gpu_share"] == epoch["gpus"] == 0.2
        assert epoch["cards"] == "0"


def test_a_node_without_gpus_gets_none_of_their_trials_and_is_said_to_idle(
    shared: Shared, cluster: MadeUpCluster
) -> None:
    assert cluster.id("c") not in {epoch["node"] for epoch in shown(shared.first)}
    assert "idle    1 of 4 nodes, with too few GPUs for a trial (c)" in shared.printed


def test_what_trains_there_has_travelled(shared: Shared) -> None:
    assert all("py_modules_files" in epoch["code"] for epoch in shown(shared.first))


def test_a_trial_that_waits_for_what_others_hold_is_told_and_not_shown_as_running(shared: Shared) -> None:
    lacking = "trial 0 waits for 1 CPU core and 1 GPU: the 2 nodes on which a trial fits have 2 GPUs"
    assert shared.said_while_waiting[-1] == f"{lacking}, of which others hold 2"
    assert not [line for line in shared.said_while_waiting if "1 running" in line]
    assert "1/1 trials done" in shared.printed_by_second
