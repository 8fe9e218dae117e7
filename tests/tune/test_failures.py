"""Trials that fail: each is marked with its cause, and the rest of the sweep goes on."""

import json
import os
import signal
from pathlib import Path

from sweep_process import (
    QUADRATIC,
    curves,
    epochs_recorded,
    rows,
    run_sweep,
    start_sweep,
    trial_folders,
    wait_until,
)


def test_an_error_of_the_training_code_ends_its_trial_alone(tmp_path: Path) -> None:
    flags = ("--num_samples", 5, "--num_epochs", 4, "--fail_above", 0.6, "--fail_epoch", 3)
    done = run_sweep(tmp_path, "--name", "errs", *QUADRATIC, *flags)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    failed = [trial for trial in trial_folders(tmp_path / "errs") if (trial / "failure.json").exists()]
    assert 0 < len(failed) < 5
    for trial in failed:
        failure = json.loads((trial / "failure.json").read_text())
        assert failure["kind"] == "error"
        assert failure["epoch"] == 3
        assert "is out of reach" in failure["cause"]
        assert "quadratic_run.py" in failure["traceback"]
        assert len(rows(trial)) == 2
        assert f"failed (error) in epoch 3: {failure['cause']}" in done.stdout


def test_a_diverged_trial_is_no_error(tmp_path: Path) -> None:
    done = run_sweep(
        tmp_path, "--name", "nan", *QUADRATIC, "--num_samples", 2, "--num_epochs", 4, "--diverge_below", 0.2
    )
    assert done.returncode == 0, done.stderr
    failure = json.loads((tmp_path / "nan" / "trial_00000" / "failure.json").read_text())
    assert failure == {"kind": "diverged", "epoch": 2, "cause": "place is nan"}
    assert "Trial 0 diverged in epoch 2" in done.stdout


def test_a_killed_worker_costs_its_trial_no_epoch(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    twin, _ = quadratic_sweep
    sweep = tmp_path / "lost"
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    running = start_sweep(tmp_path, "--name", "lost", *QUADRATIC, *flags, "--epoch_ms", 100)
    wait_until(lambda: epochs_recorded(sweep) >= 4, running)
    os.kill(rows(sweep / "trial_00000")[-1]["pid"], signal.SIGKILL)
    printed, _ = running.communicate(timeout=200)
    assert running.returncode == 0, printed
    assert "trial 0: its worker died; it goes on from its newest checkpoint" in printed
    assert curves(sweep) == curves(twin)
    assert len({row["pid"] for row in rows(sweep / "trial_00000")}) == 2
