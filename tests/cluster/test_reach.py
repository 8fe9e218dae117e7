"""A node that does not see the sweep's folder, as where a disk is not mounted: it has mounts of its own.

What becomes of one that joins a running sweep: tests/tune/callbacks/test_node_watch.py.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_cluster import MadeUpCluster, printed_by
from sweep_process import QUADRATIC

BLIND = "blind"
WITH_OWN_MOUNTS = ("unshare", "--mount", "sh", "-c")


@pytest.fixture
def storage(cluster: MadeUpCluster, tmp_path: Path) -> Iterator[Path]:
    """A folder that one node sees as another, empty one."""
    if subprocess.run([*WITH_OWN_MOUNTS, "mount -t tmpfs none /mnt"], capture_output=True).returncode:
        pytest.skip("nobody but root can have mounts of their own, and not in every container")
    storage = tmp_path / "sweeps"
    storage.mkdir()
    elsewhere = 'mount -t tmpfs none "$0" && exec "$@"'
    with cluster.started(BLIND, 1, *WITH_OWN_MOUNTS, elsewhere, str(storage)):
        yield storage


def test_a_node_that_does_not_see_the_storage_is_named_before_the_first_trial_and_nothing_is_left(
    cluster: MadeUpCluster, storage: Path
) -> None:
    said = printed_by(cluster.start_sweep(storage, "--name", "a", *QUADRATIC, "--gpus_per_trial", 0), status=2)
    (sentence,) = [line for line in said.splitlines() if line.startswith("run_sweep.py: ")]
    assert f"node {BLIND} (" in sentence
    assert f"does not reach --storage_path {storage}: it does not see what is written there (No such file" in sentence
    assert list(storage.iterdir()) == []
