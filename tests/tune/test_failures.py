"""Trials that fail: each is marked with its cause, and the rest of the sweep goes on."""

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from failing_run import FAILING, FATE_EPOCH
from quadratic_run import QuadraticRun, QuadraticSettings
from sweep_here import sweep_here
from sweep_process import QUADRATIC, ROOT, arguments, curves, environment, params, rows, trial_folders

FATES = (
    "", "error", "exit", "full", "interrupt", "save", "unsaved", "diverged", "hungry", "starved",
    "device", "close", "",
)  # fmt: skip
"""What happens to the trials of one sweep, in their order; trials after `device` and `close` need another worker."""
NUM_EPOCHS = 4
FAILED = {"error", "exit", "full", "interrupt", "save", "unsaved", "starved", "device"}


@dataclass(frozen=True)
class Failed:
    """A sweep with a trial for each way to fail, as it ended, and as it ended once more when it was mended."""

    ended: Path
    """A copy."""
    said: str
    retried: Path
    said_then: str
    errors: str
    """What both wrote to the error stream."""

    def trial(self, fate: str) -> Path:
        return self.ended / f"trial_{FATES.index(fate):05d}"

    def failure(self, fate: str) -> tuple[str, int, str]:
        """Its kind, its epoch and its cause."""
        failure = failure_of(self.trial(fate))
        return failure["kind"], failure["epoch"], failure["cause"]


def failure_of(trial: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((trial / "failure.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Failed:
    storage = tmp_path_factory.mktemp("failing")
    sweep, ended, memory = storage / "fails", storage / "ended", storage / "memory"
    memory.mkdir()
    flags = ("--num_samples", len(FATES), "--num_epochs", NUM_EPOCHS, "--grace_period", NUM_EPOCHS)
    flags += ("--fates", ",".join(FATES), "--memory", memory, "--max_concurrent_trials", 1)
    first = sweep_here(storage, "--name", "fails", *FAILING, *flags)
    assert first.returncode == 1, first.stdout + first.stderr
    assert [len(list(trial.glob("checkpoint_*"))) > 0 for trial in trial_folders(sweep)] == [True] * len(FATES)
    shutil.copytree(sweep, ended)

    (memory / "mended").touch()
    newest = sorted((sweep / f"trial_{FATES.index('error'):05d}").glob("checkpoint_*"))[-1]
    (newest / "walker.json").write_text('{"epoch"', encoding="utf-8")
    for state in [*sweep.glob("experiment_state-*"), *sweep.glob("*.pkl"), *sweep.glob("search_gen_state-*")]:
        state.write_bytes(b"")
    second = sweep_here(storage, "--resume", "fails", "--retry_errored")
    assert second.returncode == 0, second.stdout + second.stderr
    return Failed(ended, first.stdout, sweep, second.stdout, first.stderr + second.stderr)


def test_an_error_of_the_training_code_ends_its_trial_alone(failed: Failed) -> None:
    assert "Traceback" not in failed.said + failed.said_then + failed.errors
    of_error = f"ValueError: target {params(failed.trial('error'))['target']:.2f} is out of reach"
    for fate, cause in {"error": of_error, "exit": "SystemExit: the run called sys.exit(3)"}.items():
        assert failed.failure(fate) == ("error", FATE_EPOCH, cause)
        assert "failing_run.py" in failure_of(failed.trial(fate))["traceback"]
        assert len(rows(failed.trial(fate))) == FATE_EPOCH - 1
        assert f"failed (error) in epoch {FATE_EPOCH}: {cause}" in failed.said
    with_failure = [trial for trial in trial_folders(failed.ended) if (trial / "failure.json").exists()]
    wanted = [fate in FAILED | {"diverged"} for fate in FATES]
    assert [trial in with_failure for trial in trial_folders(failed.ended)] == wanted
    assert all(len(rows(trial)) == NUM_EPOCHS for trial in trial_folders(failed.ended) if trial not in with_failure)


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("interrupt", "KeyboardInterrupt: a library's own"),
        ("save", "LookupError: no weights to save"),
        ("unsaved", "RuntimeError: the run saved nothing"),
    ],
)
def test_however_a_run_fails_its_trial_ends_at_once_with_the_cause(how: str, cause: str, failed: Failed) -> None:
    assert "its worker died" not in failed.said
    assert failed.failure(how) == ("error", FATE_EPOCH, cause)
    assert len(rows(failed.trial(how))) == FATE_EPOCH - 1


def test_a_full_disk_of_a_trials_own_ends_that_trial_alone(failed: Failed) -> None:
    kind, epoch, cause = failed.failure("full")
    assert (kind, epoch) == ("error", FATE_EPOCH)
    assert "No space left on device" in cause
    assert len(rows(failed.trial("full"))) == FATE_EPOCH - 1


def test_a_diverged_trial_is_no_error(failed: Failed) -> None:
    """With it alone, the sweep that was gone on with ended with status 0."""
    assert failed.failure("diverged") == ("diverged", FATE_EPOCH, "place is nan")
    said = f"Trial {FATES.index('diverged')} diverged in epoch {FATE_EPOCH}"
    assert said in failed.said
    assert said in failed.said_then
    assert [t.parent.name for t in failed.retried.glob("trial_*/failure.json")] == [failed.trial("diverged").name]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("device", "a GPU failed under it: CUDA error: device-side assert triggered"),
        ("close", "its last run could not be closed: RuntimeError: the walker will not go"),
    ],
)
def test_a_process_whose_gpu_failed_or_whose_run_cannot_be_closed_takes_no_other_trial(
    how: str, why: str, failed: Failed
) -> None:
    number = FATES.index(how) + 1
    said = f"trial {number}: its worker can train no more ({why}); another is started"
    assert said in " ".join(failed.said.split())
    trial, following = failed.trial(how), failed.ended / f"trial_{number:05d}"
    assert (trial / "failure.json").exists() == (how in FAILED)
    assert len(rows(trial)) == (FATE_EPOCH - 1 if how in FAILED else NUM_EPOCHS)
    assert {row["pid"] for row in rows(trial)}.isdisjoint(row["pid"] for row in rows(following))


def test_a_trial_out_of_memory_is_tried_once_more_alone(failed: Failed) -> None:
    hungry, starved = failed.trial("hungry"), failed.trial("starved")
    names = ", ".join(f"trial {FATES.index(fate)}" for fate in ("hungry", "starved"))
    assert f"Out of memory: {names} once more, each alone" in failed.said
    assert (hungry / "failure_1.json").exists()
    assert not (hungry / "failure.json").exists()
    assert len(rows(hungry)) == NUM_EPOCHS

    assert (starved / "failure_1.json").exists()
    assert not (starved / "failure_2.json").exists()
    assert failed.failure("starved")[:2] == ("out of memory", FATE_EPOCH)
    assert f"failed (out of memory) in epoch {FATE_EPOCH}" in failed.said


def test_retrying_runs_the_failed_trials_and_no_other(failed: Failed) -> None:
    for fate, before, after in zip(FATES, trial_folders(failed.ended), trial_folders(failed.retried), strict=True):
        was, now = ((trial / "result.json").read_bytes() for trial in (before, after))
        assert (was == now) == (fate not in FAILED)
        assert len(rows(after)) == (FATE_EPOCH - 1 if fate == "diverged" else NUM_EPOCHS)


def test_a_damaged_newest_checkpoint_is_passed_over(failed: Failed) -> None:
    """Also where all that Ray itself would know is damaged."""
    trial = failed.retried / failed.trial("error").name
    assert f"trial {FATES.index('error')}: damaged checkpoint passed over" in failed.said_then
    uninterrupted = QuadraticRun(QuadraticSettings(**params(trial)), seed=0)
    curve = [uninterrupted.step() for _ in range(NUM_EPOCHS)]
    assert [{name: row[name] for name in curve[0]} for row in rows(trial)] == curve


def test_a_module_that_a_worker_lacks_is_named_with_its_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("from quadratic_run import KIND\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    flags = ("--num_samples", 2, "--num_epochs", 2, "--max_concurrent_trials", 1, "--wandb_mode", "disabled")
    done = sweep_here(tmp_path, "--name", "lacks", "--run", "only_here:KIND", *flags)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    node = f"(before its first step, on {platform.node()})"
    remedy = "put its folder on PYTHONPATH, or name its file, as --run FILE.py:KIND"
    lacks = f"SettingError: run 'only_here:KIND': No module named 'only_here'; {remedy} {node}"
    assert [failure_of(trial)["cause"] for trial in trial_folders(tmp_path / "lacks")] == [lacks, lacks]


def test_a_killed_worker_costs_its_trial_no_epoch(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    twin, _ = quadratic_sweep
    sweep, memory = tmp_path / "lost", tmp_path / "memory"
    memory.mkdir()
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    flags += ("--fates", "killed", "--memory", memory, "--wandb_mode", "disabled")
    done = sweep_here(tmp_path, "--name", "lost", *FAILING, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trial 0: its worker died; it goes on from its newest checkpoint" in done.stdout
    assert curves(sweep) == curves(twin)
    assert len({row["pid"] for row in rows(sweep / "trial_00000")}) == 2


def test_a_sweep_whose_first_trials_all_fail_alike_stops_shows_why_and_goes_on_when_mended(tmp_path: Path) -> None:
    sweep, memory = tmp_path / "hopeless", tmp_path / "memory"
    memory.mkdir()
    flags = ("--num_samples", 6, "--num_epochs", FATE_EPOCH, "--fates", "error," * 6, "--memory", memory)
    flags += ("--max_concurrent_trials", 1, "--wandb_mode", "disabled")
    stopped = sweep_here(tmp_path, "--name", "hopeless", *FAILING, *flags)
    assert stopped.returncode == 1
    assert 3 <= len(list(sweep.glob("trial_*/failure.json"))) < 6
    assert stopped.stdout.count("Traceback") == 1
    assert "the first trials all failed the same way" in stopped.stdout
    assert "--resume hopeless --storage_path" in stopped.stdout
    assert "--retry_errored" in stopped.stdout

    (memory / "mended").touch()
    done = sweep_here(tmp_path, "--resume", "hopeless", "--retry_errored")

    assert done.returncode == 0, done.stdout + done.stderr
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [FATE_EPOCH] * 6


ONE_AFTER_THE_OTHER = """
import pathlib, subprocess, sys
from tune.run_sweep import main

folder, begin, resume = sys.argv[1], sys.argv[2].split("|"), sys.argv[3].split("|")
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", folder]).returncode:
    sys.exit(77)
print("first status", main(begin), flush=True)
subprocess.run(["mount", "-o", "remount,size=50m", folder], check=True)
print("second status", main(resume), flush=True)
print("epochs", [file.read_bytes().count(b"\\n") for file in pathlib.Path(folder).glob("small/trial_*/result.json")])
"""
"""A sweep and its resume, on a disk that only this process and what it starts see, and which is small at first."""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting a small disk needs root")
def test_a_full_disk_stops_the_sweep_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    flags = (*QUADRATIC, "--num_samples", 3, "--num_epochs", 40, "--grace_period", 40, "--wandb_mode", "disabled")
    begin = arguments(tmp_path, "--name", "small", *flags, "--max_concurrent_trials", 1)
    resume = arguments(tmp_path, "--resume", "small")
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", ONE_AFTER_THE_OTHER, tmp_path, "|".join(begin), "|".join(resume)],
        capture_output=True, encoding="utf-8", cwd=ROOT, env=environment(), timeout=300,
    )  # fmt: skip
    assert "first status 2" in done.stdout, done.stdout + done.stderr
    assert "cannot be written (the disk is full, of bytes or of files); make room, then go on with:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "second status 0" in done.stdout, done.stdout + done.stderr
    assert "epochs [40, 40, 40]" in done.stdout
