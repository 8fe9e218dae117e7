"""Trials that fail: each is marked with its cause, and the rest of the sweep goes on."""

import json
import os
import platform
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from sweep_here import start_joined, sweep_here
from sweep_process import (
    QUADRATIC,
    ROOT,
    command,
    curves,
    environment,
    epochs_recorded,
    kill,
    rows,
    trial_folders,
    wait_until,
)


def test_an_error_of_the_training_code_ends_its_trial_alone(tmp_path: Path) -> None:
    flags = ("--num_samples", 5, "--num_epochs", 4, "--fail_above", 0.6, "--fail_epoch", 3, "--exit_below", 0.2)
    done = sweep_here(tmp_path, "--name", "errs", *QUADRATIC, *flags)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    failed = [trial for trial in trial_folders(tmp_path / "errs") if (trial / "failure.json").exists()]
    assert 1 < len(failed) < 5
    for trial in failed:
        failure = json.loads((trial / "failure.json").read_text(encoding="utf-8"))
        assert failure["kind"] == "error"
        assert failure["epoch"] == 3
        wanted = "SystemExit: the run called sys.exit(3)" if trial.name == "trial_00000" else "is out of reach"
        assert wanted in failure["cause"]
        assert "quadratic_run.py" in failure["traceback"]
        assert len(rows(trial)) == 2
        assert f"failed (error) in epoch 3: {failure['cause']}" in done.stdout


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("interrupt", "KeyboardInterrupt: a library's own"),
        ("save", "LookupError: no weights to save"),
        ("unsaved", "RuntimeError: the run saved nothing"),
    ],
)
def test_however_a_run_fails_its_trial_ends_at_once_with_the_cause(how: str, cause: str, tmp_path: Path) -> None:
    flags = ("--num_samples", 1, "--num_epochs", 3, "--fail_above", -1, "--fail_epoch", 2, "--fail_how", how)
    done = sweep_here(tmp_path, "--name", "odd", *QUADRATIC, *flags, "--wandb_mode", "disabled")
    assert done.returncode == 1
    assert "its worker died" not in done.stdout
    failure = json.loads((tmp_path / "odd" / "trial_00000" / "failure.json").read_text(encoding="utf-8"))
    assert (failure["kind"], failure["epoch"], failure["cause"]) == ("error", 2, cause)
    assert len(rows(tmp_path / "odd" / "trial_00000")) == 1


def test_a_module_that_a_worker_lacks_is_named_with_its_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("from quadratic_run import KIND\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    done = sweep_here(tmp_path, "--name", "lacks", "--run", "only_here:KIND", "--num_samples", 2, "--num_epochs", 2)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    node = f"(before its first step, on {platform.node()})"
    remedy = "put its folder on PYTHONPATH, or name its file, as --run FILE.py:KIND"
    lacks = f"SettingError: run 'only_here:KIND': No module named 'only_here'; {remedy} {node}"
    failures = [json.loads(file.read_bytes()) for file in (tmp_path / "lacks").glob("trial_*/failure.json")]
    assert [failure["cause"] for failure in failures] == [lacks, lacks]


def test_a_full_disk_of_a_trials_own_ends_that_trial_alone(tmp_path: Path) -> None:
    flags = ("--num_samples", 5, "--num_epochs", 4, "--grace_period", 4, "--full_above", 0.6, "--fail_epoch", 3)
    done = sweep_here(tmp_path, "--name", "full", *QUADRATIC, *flags)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    ended = trial_folders(tmp_path / "full")
    failed = [trial for trial in ended if (trial / "failure.json").exists()]
    assert 0 < len(failed) < len(ended) == 5
    for trial in failed:
        failure = json.loads((trial / "failure.json").read_text(encoding="utf-8"))
        assert (failure["kind"], failure["epoch"]) == ("error", 3)
        assert "No space left on device" in failure["cause"]
    assert all(len(rows(trial)) == (2 if trial in failed else 4) for trial in ended)


def test_a_diverged_trial_is_no_error(tmp_path: Path) -> None:
    done = sweep_here(
        tmp_path, "--name", "nan", *QUADRATIC, "--num_samples", 2, "--num_epochs", 4, "--diverge_below", 0.2
    )
    assert done.returncode == 0, done.stderr
    failure = json.loads((tmp_path / "nan" / "trial_00000" / "failure.json").read_text(encoding="utf-8"))
    assert (failure["kind"], failure["epoch"], failure["cause"]) == ("diverged", 2, "place is nan")
    assert "Trial 0 diverged in epoch 2" in done.stdout


def test_a_killed_worker_costs_its_trial_no_epoch(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "lost", tmp_path / "gate"
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    running = start_joined(tmp_path, "--name", "lost", *QUADRATIC, *flags, "--gate", gate, "--gate_epoch", 4)
    wait_until(lambda: epochs_recorded(sweep) >= 4, running)
    os.kill(rows(sweep / "trial_00000")[-1]["pid"], signal.SIGKILL)
    gate.touch()
    printed, _ = running.communicate(timeout=200)
    assert running.returncode == 0, printed
    assert "trial 0: its worker died; it goes on from its newest checkpoint" in printed
    assert curves(sweep) == curves(twin)
    assert len({row["pid"] for row in rows(sweep / "trial_00000")}) == 2


def test_a_sweep_whose_first_trials_all_fail_alike_stops_shows_why_and_goes_on_when_mended(tmp_path: Path) -> None:
    sweep, mended = tmp_path / "hopeless", tmp_path / "mended"
    flags = ("--num_samples", 12, "--num_epochs", 3, "--fail_above", -1, "--mended_by", mended)
    stopped = sweep_here(tmp_path, "--name", "hopeless", *QUADRATIC, *flags)
    assert stopped.returncode == 1
    assert 3 <= len(list(sweep.glob("trial_*/failure.json"))) < 12
    assert stopped.stdout.count("Traceback") == 1
    assert "the first trials all failed the same way" in stopped.stdout
    assert "--resume hopeless --storage_path" in stopped.stdout
    assert "--retry_errored" in stopped.stdout

    mended.touch()
    done = sweep_here(tmp_path, "--resume", "hopeless", "--retry_errored")

    assert done.returncode == 0, done.stdout + done.stderr
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [3] * 12


def test_retrying_runs_the_failed_trials_and_no_other(tmp_path: Path) -> None:
    sweep, mended = tmp_path / "some", tmp_path / "mended"
    flags = ("--num_samples", 5, "--num_epochs", 4, "--grace_period", 4, "--fail_above", 0.6, "--fail_epoch", 3)
    flags += ("--mended_by", mended)
    assert sweep_here(tmp_path, "--name", "some", *QUADRATIC, *flags).returncode == 1
    whole = {t: (t / "result.json").read_bytes() for t in trial_folders(sweep) if not (t / "failure.json").exists()}
    assert 0 < len(whole) < 5

    mended.touch()
    done = sweep_here(tmp_path, "--resume", "some", "--retry_errored")

    assert done.returncode == 0, done.stdout + done.stderr
    assert {trial: (trial / "result.json").read_bytes() for trial in whole} == whole
    assert all(len(rows(trial)) == 4 for trial in trial_folders(sweep) if trial not in whole)


@pytest.mark.parametrize(("how", "failed"), [("device", True), ("close", False)])
def test_a_process_whose_gpu_failed_or_whose_run_cannot_be_closed_takes_no_other_trial(
    how: str, failed: bool, tmp_path: Path
) -> None:
    flags = ("--num_samples", 2, "--num_epochs", 2, "--fail_above", -1, "--fail_epoch", 2, "--fail_how", how)
    done = sweep_here(
        tmp_path, "--name", "one", *QUADRATIC, *flags, "--max_concurrent_trials", 1, "--wandb_mode", "disabled"
    )
    assert done.returncode == failed
    why = (
        "a GPU failed under it: CUDA error: device-side assert triggered"
        if failed
        else ("its last run could not be closed: RuntimeError: the walker will not go")
    )
    assert f"trial 1: its worker can train no more ({why}); another is started" in " ".join(done.stdout.split())
    trials = trial_folders(tmp_path / "one")
    assert len({rows(trial)[0]["pid"] for trial in trials}) == 2
    for trial in trials:
        assert (trial / "failure.json").exists() == failed
        assert len(rows(trial)) == (1 if failed else 2)


def test_a_trial_out_of_memory_is_tried_once_more_alone(tmp_path: Path) -> None:
    sweep, memory = tmp_path / "hungry", tmp_path / "memory"
    memory.mkdir()
    flags = ("--num_samples", 5, "--num_epochs", 4, "--grace_period", 4, "--hungry_above", 0.6)
    done = sweep_here(tmp_path, "--name", "hungry", *QUADRATIC, *flags, "--memory", memory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "once more, each alone" in done.stdout
    assert list(sweep.glob("trial_*/failure_1.json"))
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [4] * 5

    starved = sweep_here(tmp_path, "--name", "starved", *QUADRATIC, *flags)
    assert starved.returncode == 1
    for first in (tmp_path / "starved").glob("trial_*/failure_1.json"):
        assert json.loads(first.with_name("failure.json").read_text(encoding="utf-8"))["kind"] == "out of memory"
    assert "failed (out of memory) in epoch 2" in starved.stdout


def test_a_damaged_newest_checkpoint_is_passed_over(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "torn", tmp_path / "gate"
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    running = start_joined(tmp_path, "--name", "torn", *QUADRATIC, *flags, "--gate", gate, "--gate_epoch", 6)
    wait_until(lambda: epochs_recorded(sweep) >= 6, running)
    kill(running, sweep)
    newest = sorted((sweep / "trial_00000").glob("checkpoint_*"))[-1]
    (newest / "walker.json").write_text('{"epoch"', encoding="utf-8")
    for state in [*sweep.glob("experiment_state-*"), *sweep.glob("*.pkl"), *sweep.glob("search_gen_state-*")]:
        state.write_bytes(b"")
    gate.touch()

    done = sweep_here(tmp_path, "--resume", "torn")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "trial 0: damaged checkpoint passed over" in done.stdout
    assert curves(sweep) == curves(twin)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting a small disk needs root")
def test_a_full_disk_stops_the_sweep_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    flags = (*QUADRATIC, "--num_samples", 3, "--num_epochs", 40, "--grace_period", 40, "--wandb_mode", "disabled")
    begin = " ".join(command(tmp_path, "--name", "small", *flags, "--epoch_ms", 20))
    resume = " ".join(command(tmp_path, "--resume", "small"))
    script = f"""
        mount -t tmpfs -o size=200k none {tmp_path} || exit 77
        {begin}; echo "first status $?"
        mount -o remount,size=50m {tmp_path}
        {resume}; echo "second status $?"
        wc -l {tmp_path}/small/trial_*/result.json
    """
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        capture_output=True, encoding="utf-8", cwd=ROOT, env=environment(), timeout=300,
    )  # fmt: skip
    assert "first status 2" in done.stdout, done.stdout + done.stderr
    assert "cannot be written (the disk is full, of bytes or of files); make room, then go on with:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "second status 0" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count(" 40 ") >= 3
