"""docs/cluster/slurm.sh as a job: what Slurm sends it is sent by commands that stand in for Slurm's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm import Job, Slurm
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


def test_a_job_that_runs_into_its_limit_submits_itself_anew_where_slurm_does_not_requeue(
    slurm: Slurm, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    """Every process of the job, the sweep among them, is sent SIGTERM; its nodes' Ray is that of the tests."""
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "sweeps" / "job", tmp_path / "gate"
    flags = (*ONE_AT_A_TIME, "--gate", str(gate), "--gate_epoch", "3", "--address", ray_here().address)
    variables = {"SWEEP_NAME": "job", "SWEEP_STORAGE": str(sweep.parent), "SWEEP_FLAGS": " ".join(flags)}
    first = slurm.sbatch("--nodes=1", "--no-requeue", **variables, **ray_here().variables)
    first.wait_until(lambda: epochs_recorded(sweep) >= 3)
    first.at_its_time_limit()
    assert first.wait() == 143, first.output
    assert "SIGTERM: stopping sweep job" in first.output
    assert "Stopped by SIGTERM; everything is on disk." in first.output
    assert first.output.endswith("Submitted batch job 2\n")

    gate.touch()
    second = Job(slurm.jobs / "2")
    assert second.wait() == 0, second.output
    assert "done: status 0" in second.output
    assert "stopping" not in second.output
    assert curves(sweep) == curves(twin)
    assert not Path("/tmp/sweep-1").exists()


def test_a_sweep_on_the_nodes_of_a_job_is_queued_again_before_its_limit_and_when_it_is_preempted(
    slurm: Slurm, tmp_path: Path
) -> None:
    twin = sweep_here(tmp_path, "--name", "twin", *EACH_BY_ITSELF)
    assert twin.returncode == 0, twin.stderr
    sweep, gate = tmp_path / "job", tmp_path / "gate"
    flags = (*EACH_BY_ITSELF, "--epoch_ms", "200", "--gate", str(gate), "--gate_epoch", "3")
    variables = {"SWEEP_NAME": "job", "SWEEP_STORAGE": str(tmp_path), "SWEEP_FLAGS": " ".join(flags)}
    job = slurm.sbatch("--nodes=2", "--cpus-per-task=1", **variables)
    job.wait_until(lambda: len(hosts(sweep)) == 2)
    job.near_its_time_limit()
    job.wait_until(lambda: "has stopped; queueing job 1 again" in job.output)
    before = epochs_recorded(sweep)
    gate.touch()
    job.wait_until(lambda: epochs_recorded(sweep) > before)
    job.preempted()
    assert job.wait() == 0, job.output
    assert job.output.count("SIGUSR1: stopping sweep job") == 2
    assert job.output.count("Stopped by SIGUSR1; everything is on disk.") == 2
    assert job.output.count("has stopped; queueing job 1 again") == 2
    assert "done: status 0" in job.output
    assert curves(sweep) == curves(tmp_path / "twin")
    assert not Path("/tmp/sweep-1").exists()
