"""docs/cluster/slurm.sh as a job: what Slurm sends it is sent by commands that stand in for Slurm's."""

from pathlib import Path

from slurm import Slurm
from sweep_here import ray_here
from sweep_process import QUADRATIC, curves, epochs_recorded

ONE_AT_A_TIME = (
    *QUADRATIC, "--num_samples", "8", "--num_epochs", "12", "--grace_period", "2", "--max_concurrent_trials", "1",
    "--replicate", "0", "--wandb_mode", "disabled",
)  # fmt: skip


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


def test_a_ray_that_does_not_start_is_told_in_its_own_words(slurm: Slurm, tmp_path: Path) -> None:
    ray = slurm.folder / "ray"
    ray.write_text("#!/bin/bash\necho The port is taken, says Ray\nexit 1\n", encoding="utf-8")
    ray.chmod(0o755)
    job = slurm.sbatch("--nodes=2", SWEEP_STORAGE=str(tmp_path))
    assert job.wait() == 1
    ended = "Ray has ended on 127.0.0.2:\nThe port is taken, says Ray\n"
    assert ended in job.output
    assert job.output.endswith("Ray's head did not start, as is said above: the sweep has not begun\n")
