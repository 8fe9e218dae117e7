"""A node on which every trial fails."""

import json
import re
from pathlib import Path

from made_up_cluster import MadeUpCluster, printed_by
from placed_run import BROKEN
from sweep_process import rows, trial_folders

PLACED = ("--run", "placed_run:KIND", "--scheduler", "none", "--sampler", "random", "--gpus_per_trial", 1)


def test_it_is_set_aside_and_its_trials_run_elsewhere(cluster: MadeUpCluster, tmp_path: Path) -> None:
    cluster.add("broken", cpus=2, gpus=1, **{BROKEN: "yes"})
    bad, sweep = cluster.id("broken"), tmp_path / "s"
    flags = ("--num_samples", 10, "--num_epochs", 4, "--epoch_ms", 200)
    try:
        printed = printed_by(cluster.start_sweep(tmp_path, "--name", "s", *PLACED, *flags))
    finally:
        cluster.kill("broken")
    (said,) = [line for line in printed.splitlines() if "set aside" in line]
    assert re.match(r"node broken \(\S+\) is set aside: trials .* failed there one after the other while", said)
    (aside,) = json.loads((sweep / "placement.json").read_text(encoding="utf-8"))["set_aside"]
    assert (aside["node"], aside["name"]) == (bad, "broken")
    assert len(aside["failed"]) >= 3
    for trial in trial_folders(sweep):
        assert len(rows(trial)) == 4
        assert bad not in {row["node_id"] for row in rows(trial)}
    assert all((sweep / f"trial_{number:05d}" / "failure_1.json").exists() for number in aside["failed"])
    assert "10/10 trials done, 0 running, best" in printed
