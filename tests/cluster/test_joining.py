"""A cluster joined by a driver from elsewhere, and what is asked of it that it does not have."""

from pathlib import Path

import pytest
from made_up_cluster import MadeUpCluster, printed_by
from sweep_process import rows, trial_folders


def test_the_default_run_trains_on_nodes_that_lack_the_project(cluster: MadeUpCluster, tmp_path: Path) -> None:
    """`auto` is the cluster that was started last on this machine."""
    flags = ("--num_samples", 1, "--num_epochs", 1, "--gpus_per_trial", 0)
    printed_by(cluster.start_sweep(tmp_path, "--name", "s", *flags, address="auto"))
    (trial,) = trial_folders(tmp_path / "s")
    (row,) = rows(trial)
    assert row["device"] == "cpu"
    assert row["node_id"] in {cluster.id(name) for name in "abc"}


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--gpus_per_trial", 2), "gpus_per_trial is 2, but no node has more than 1; ask for at most that"),
        (
            ("--gpus_per_trial", 0, "--cpus_per_trial", 5),
            "cpus_per_trial is 5, but Ray has 4 CPU cores on its largest node; ask for at most that",
        ),
    ],
)
def test_more_than_any_node_has_is_refused(
    flags: tuple[object, ...], sentence: str, cluster: MadeUpCluster, tmp_path: Path
) -> None:
    printed = printed_by(cluster.start_sweep(tmp_path, "--name", "s", "--run", "placed_run:KIND", *flags), status=2)
    assert sentence in printed
    assert not (tmp_path / "s").exists()
