"""A sweep that is kept in a store, on nodes that do not see its folder: what they share is the store."""

import shutil
import tempfile
from pathlib import Path

import pytest
from made_up_cluster import MadeUpCluster
from sweep_process import QUADRATIC, curves, epochs_recorded, rows, trial_folders, wait_until

from results.mirror.arrival import sealed_by_trial
from results.mirror.checkpoints import is_placeholder
from results.record.sweeps import read_sweep
from results.storage.store import Store, open_store
from trainable import contract

CPUS = 5
"""Of a trial: more than the nodes have that all tests share."""


@pytest.fixture(scope="module")
def kept(cluster: MadeUpCluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Store, str]:
    """One whose only node is lost while its first trial runs, and another takes its place; what it printed."""
    storage, address = tmp_path_factory.mktemp("sweeps"), f"local://{tmp_path_factory.mktemp('store')}"
    cluster.add("lost", CPUS, 0)
    flags = (
        "--name", "twin", *QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2,
        "--max_concurrent_trials", 1, "--cpus_per_trial", CPUS, "--gpus_per_trial", 0, "--epoch_ms", 250,
    )  # fmt: skip
    running = cluster.start_sweep(storage, *flags, "--mirror", address)
    wait_until(lambda: epochs_recorded(storage / "twin") >= 3, running)
    cluster.add("other", CPUS, 0)
    cluster.kill("lost")
    printed, _ = running.communicate(timeout=120)
    cluster.kill("other")
    assert running.returncode == 0, printed
    return storage / "twin", open_store(f"{address}/twin"), printed


def test_no_epoch_is_lost_doubled_or_changed_where_a_node_is_lost(
    kept: tuple[Path, Store, str], quadratic_sweep: tuple[Path, str]
) -> None:
    folder, _, _ = kept

    assert curves(folder) == curves(quadratic_sweep[0])
    assert len({row[contract.NODE] for trial in trial_folders(folder) for row in rows(trial)}) == 2


def test_checkpoints_go_from_the_nodes_to_the_store(kept: tuple[Path, Store, str]) -> None:
    """All but what the lost node had not sent yet, which is told."""
    folder, store, printed = kept
    there, missing = sealed_by_trial(store.list()), 0

    for trial in trial_folders(folder):
        lying = contract.checkpoints(trial)
        assert all(map(is_placeholder, lying.values()))
        assert {*there[trial.name].sealed} <= lying.keys()
        assert there[trial.name].torn == ()
        missing += len(lying) - len(there[trial.name].sealed)
    assert missing <= 2
    assert (f"{store.address} lacks" in printed) == (missing > 0)


def test_nothing_of_a_sweep_is_left_on_a_node_that_was_not_lost(kept: tuple[Path, Store, str]) -> None:
    of_sweep = f"grpo-sweep-{read_sweep(kept[0]).origin.identity}-*"
    left = list(Path(tempfile.gettempdir()).glob(of_sweep))

    assert len(left) <= 1  # the lost one's, on a disk that the other shares with it here
    for folder in left:
        shutil.rmtree(folder)
