"""docs/cluster/slurm.sh as a job: what Slurm sends it is sent by commands that stand in for Slurm's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm import Slurm
from sweep_here import ray_here, sweep_here
from sweep_process import QUADRATIC, curves, epochs_recorded, rows, trial_folders

ONE_AT_A_TIME = (
    *QUADRATIC, "--num_samples", "8", "--num_epochs", "12", "--grace_period", "2", "--max_concurrent_trials", "1",
    "--replicate", "0", "--wandb_mode", "disabled",
)  # fmt: skip
EACH_BY_ITSELF = (
    *QUADRATIC, "--num_samples", "6", "--num_epochs", "8", "--scheduler", "none", "--sampler", "random",
    "--replicate", "0", "--wandb_mode", "disabled",
)  # fmt: skip
"""Of trials that do not depend on each other, however many run at a time."""


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Slurm]:
    with Slurm(tmp_path / "slurm").running() as slurm:
        yield slurm


def hosts(sweep: Path) -> set[str]:
    """Addresses of the nodes that have trained so far."""
    return {row["node_ip"] for trial in trial_folders(sweep) for row in rows(trial)}


def test_a_job_submits_itself_anew_where_slurm_does_not_requeue_it_and_ends_when_it_is_cancelled(
    slurm: Slurm, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    """It is one of an array. The Ray of its node is that of the tests."""
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "sweeps" / "job-3", tmp_path / "gate"
    flags = (*ONE_AT_A_TIME, "--epoch_ms", "50", "--gate", str(gate), "--gate_epoch", "%a")
    told = {
        "SWEEP_NAME": "job", "SWEEP_STORAGE": str(sweep.parent), "SWEEP_FLAGS": " ".join(flags),
        "SWEEP_ADDRESS": ray_here().address,
    } | ray_here().variables  # fmt: skip
    job = slurm.sbatch("--array=3", **told)
    job.wait_until(lambda: epochs_recorded(sweep) >= 3)
    job.may_not_be_requeued()
    job.near_its_time_limit()
    assert job.wait() == 138, job.output
    assert "SIGUSR1: stopping sweep job-3" in job.output
    assert "Stopped by SIGUSR1; everything is on disk." in job.output
    assert "Submitted batch job" in job.output

    gate.touch()
    anew = slurm.submitted(job.output)
    anew.wait_until(lambda: epochs_recorded(sweep) > 3)
    anew.cancelled()
    assert anew.wait() == 143, anew.output
    assert "Stopped by SIGTERM; everything is on disk." in anew.output
    assert anew.output.endswith("done: status 143\n")

    last = slurm.sbatch("--array=3", **told)
    assert last.wait() == 0, last.output
    assert last.output.endswith("done: status 0\n")
    assert curves(sweep) == curves(twin)
    assert not Path(f"/tmp/sweep-{last.folder.name}").exists()


def test_the_nodes_of_a_job_train_one_sweep_which_a_preemption_stops_in_order(slurm: Slurm, tmp_path: Path) -> None:
    twin = sweep_here(tmp_path, "--name", "twin", *EACH_BY_ITSELF)
    assert twin.returncode == 0, twin.stderr
    sweep, gate = tmp_path / "job", tmp_path / "gate"
    flags = (*EACH_BY_ITSELF, "--gate", str(gate), "--gate_epoch", "3")
    variables = {"SWEEP_NAME": "job", "SWEEP_STORAGE": str(tmp_path), "SWEEP_FLAGS": " ".join(flags)}
    job = slurm.sbatch("--nodes=2", "--cpus-per-task=1", **variables)
    job.wait_until(lambda: len(hosts(sweep)) == 2)
    job.preempted()
    job.wait_until(lambda: "has stopped; queueing job" in job.output)
    assert "SIGUSR1: stopping sweep job" in job.output
    assert "Stopped by SIGUSR1; everything is on disk." in job.output

    gate.touch()
    assert job.wait() == 0, job.output
    assert "done: status 0" in job.output
    assert curves(sweep) == curves(tmp_path / "twin")
    assert not Path(f"/tmp/sweep-{job.folder.name}").exists()


def test_a_ray_that_does_not_start_is_told_in_its_own_words(slurm: Slurm, tmp_path: Path) -> None:
    ray = slurm.folder / "ray"
    ray.write_text("#!/bin/bash\necho The port is taken, says Ray\nexit 1\n", encoding="utf-8")
    ray.chmod(0o755)
    job = slurm.sbatch("--nodes=2", SWEEP_STORAGE=str(tmp_path))
    assert job.wait() == 1
    ended = "Ray has ended on 127.0.0.2:\nThe port is taken, says Ray\n"
    assert ended in job.output
    assert job.output.endswith("Ray's head did not start, as is said above: the sweep has not begun\n")
