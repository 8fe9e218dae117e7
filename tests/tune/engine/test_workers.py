"""Which processes train, where trials are over sooner than a process is started."""

from pathlib import Path

from sweep_here import sweep_here
from sweep_process import QUADRATIC

from results.record.sweeps import read_sweep
from results.record.trial.record import read_trial


def test_as_many_workers_come_up_as_trials_may_run_at_a_time(tmp_path: Path) -> None:
    """Ray would have the first of them train every trial, and end the others as they are started."""
    flags = ("--num_samples", 60, "--num_epochs", 3, "--sampler", "random", "--scheduler", "none")
    done = sweep_here(
        tmp_path, "--name", "short", *QUADRATIC, *flags, "--max_concurrent_trials", 2, "--wandb_mode", "disabled"
    )
    assert done.returncode == 0, done.stdout
    trials = [read_trial(tmp_path / "short", trial.number) for trial in read_sweep(tmp_path / "short").trials]
    assert len({row["pid"] for trial in trials for row in trial.rows}) == 2
