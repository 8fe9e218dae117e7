"""docs/cluster/slurm.sh on several nodes: stand-ins for Slurm's commands start real ones of Ray, on this machine."""

from pathlib import Path

from slurm import Slurm
from sweep_here import sweep_here
from sweep_process import QUADRATIC, curves, rows, trial_folders

EACH_BY_ITSELF = (
    *QUADRATIC, "--num_samples", "6", "--num_epochs", "8", "--scheduler", "none", "--sampler", "random",
    "--replicate", "0", "--wandb_mode", "disabled",
)  # fmt: skip
"""Of trials that do not depend on each other, however many run at a time."""


def hosts(sweep: Path) -> set[str]:
    """Addresses of the nodes that have trained so far."""
    return {row["node_ip"] for trial in trial_folders(sweep) for row in rows(trial)}


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
