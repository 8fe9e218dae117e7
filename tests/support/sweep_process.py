"""Runs the sweep's own command as a user would: in a process, from a shell."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUN_SWEEP = ROOT / "tune" / "run_sweep.py"
QUADRATIC = ("--run", "quadratic_run:KIND")


def environment(**variables: str) -> dict[str, str]:
    """The user's environment without a W&B login, and with this folder importable (the quadratic run lies here)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parent), "NETRC": os.devnull} | variables


SAYS_WHAT_IS_REPLICATED = {"--replicate", "--resume", "--confirm"}


def arguments(storage: Path, *flags: object) -> list[str]:
    """Of a sweep whose finalists run again only where its test says so: that takes its time."""
    given = [*map(str, flags)]
    without = [] if SAYS_WHAT_IS_REPLICATED.intersection(given) else ["--replicate", "0"]
    return ["--storage_path", str(storage), *without, *given]


def command(storage: Path, *flags: object) -> list[str]:
    return [sys.executable, str(RUN_SWEEP), *arguments(storage, *flags)]


def run_sweep(storage: Path, *flags: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(storage, *flags),
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=300,
    )


def start_sweep(storage: Path, *flags: object, **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(storage, *flags),
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=ROOT,
    )


def wait_until(happened: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for a fact on disk; an early end of the process fails the test with its output."""
    while not happened():
        if process.poll() is not None:
            raise AssertionError(f"the sweep ended with status {process.returncode}:\n{process.communicate()[0]}")
        time.sleep(0.02)


def kill(process: "subprocess.Popen[str]", sweep: Path) -> str:
    """As `kill -9` does; returns, once the workers of its trials are gone too, what it had printed."""
    process.kill()
    printed = process.communicate()[0]
    wait_for_workers(sweep)
    return printed


def wait_for_workers(sweep: Path) -> None:
    """Of a sweep that has ended just now: until those of its trials are gone too."""
    deadline = time.monotonic() + 60
    for worker in {Path(f"/proc/{row['pid']}") for trial in trial_folders(sweep) for row in rows(trial)}:
        while worker.exists():
            assert time.monotonic() < deadline, f"process {worker.name} of a trial outlives its sweep"
            time.sleep(0.02)


def trial_folders(sweep: Path) -> list[Path]:
    return sorted(sweep.glob("trial_*"))


def rows(trial: Path) -> list[dict[str, Any]]:
    file = trial / "result.json"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def epochs_recorded(sweep: Path) -> int:
    """Rows of all trials, a half-written one not counted."""
    return sum(file.read_bytes().count(b"\n") for file in sweep.glob("trial_*/result.json"))


def curve(trial: Path) -> list[dict[str, Any]]:
    """What must be the same in two runs of one trial: the metrics, and whether an epoch was the last."""
    kept = ("Train/", "Val/", "done", "training_iteration")
    return [{name: value for name, value in row.items() if name.startswith(kept)} for row in rows(trial)]


def params(trial: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((trial / "params.json").read_text(encoding="utf-8"))
    return content


def curves(sweep: Path) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    return {trial.name: (params(trial), curve(trial)) for trial in trial_folders(sweep)}
