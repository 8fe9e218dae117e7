"""Ray is started on machines where its usual places are of no use, or the sweep ends in a sentence."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from sweep_process import (
    QUADRATIC,
    ROOT,
    command,
    environment,
    epochs_recorded,
    rows,
    run_sweep,
    trial_folders,
    wait_until,
)

from trainable.contract import UserError
from trainable.user_paths import home
from tune.engine.cpu_cores import usable_cores
from tune.engine.local_ray import start_ray

TINY = (*QUADRATIC, "--num_samples", 2, "--num_epochs", 1, "--wandb_mode", "disabled")


def test_a_home_that_cannot_be_written_costs_nothing_and_a_job_of_one_core_runs_one_trial_at_a_time(
    tmp_path: Path,
) -> None:
    done = run_sweep(tmp_path, "--name", "strange", *TINY, HOME="/dev/null", SLURM_CPUS_PER_TASK="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 at a time" in done.stdout
    assert "CPU cores (Slurm)" in done.stdout


def test_a_signal_to_all_processes_of_a_sweep_stops_it_in_order(tmp_path: Path) -> None:
    """As a closed terminal sends it, a time limit of Slurm, or `systemctl stop`."""
    sweep, gate = tmp_path / "all", tmp_path / "gate"
    flags = ("--name", "all", *TINY, "--num_epochs", 3, "--gate", gate, "--gate_epoch", 1)
    running = subprocess.Popen(
        command(tmp_path, *flags), env=environment(), cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    wait_until(lambda: epochs_recorded(sweep) >= 2, running)
    os.killpg(running.pid, signal.SIGTERM)
    for trial in trial_folders(sweep):  # Ray's workers have groups of their own
        os.kill(rows(trial)[0]["pid"], signal.SIGTERM)
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 143, printed
    assert "Stopped by SIGTERM; everything is on disk." in printed
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [1, 1]
    assert not list(sweep.glob("trial_*/failure.json"))


def test_a_temporary_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    refused = run_sweep(tmp_path, "--name", "new", *TINY, RAY_TMPDIR="/dev/null")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "see that /dev/null/ray can be written (RAY_TMPDIR names another folder)" in line
    assert not (tmp_path / "new").exists()


def test_a_temporary_folder_too_deep_for_sockets_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 66 of "/x...x/ray/", 42 of the session and 21 of "/sockets/plasma_store" are 129, 22 above 107
    monkeypatch.setenv("RAY_TMPDIR", f"/{'x' * 60}")
    with pytest.raises(UserError, match=r"is a path 22 bytes too long for them; set RAY_TMPDIR to a shorter one"):
        start_ray(usable_cores())


def test_a_user_whom_the_system_does_not_know_is_told_to_set_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    with pytest.raises(UserError, match="HOME is not set, and user 4000000000 has no home here"):
        home()
