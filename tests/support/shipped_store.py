"""A small store of the shipped model, measured by the profiler, which was killed amid that and went on."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainable.contract import PROJECT
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store import MeasuredStore

MODEL = PROJECT / "results" / "profiles" / "digit_vqa"
QUESTIONS = MODEL / "questions"
COMMAND = PROJECT / "trainable" / "profile_model.py"
SIZES = {"max_samples": 24, "max_configurations": 5, "reference_samples": 4}


def settings(output: Path, **others: object) -> MeasuringSettings:
    """Of a store as the one below is, but for `others`."""
    named = {"model_path": str(MODEL), "dataset": str(QUESTIONS), "output": str(output)}
    return MeasuringSettings(**(named | SIZES | others))


def flags(output: Path, **others: object) -> list[str]:
    """The same on a command line."""
    named = {"model_path": MODEL, "dataset": QUESTIONS, "output": output} | SIZES | others
    return [part for name, value in named.items() for part in (f"--{name}", str(value))]


def profile_here(*arguments: str) -> tuple[int, str, str]:
    """The command in the process of the tests: its status, and what it printed."""
    from trainable.profile_model import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*arguments])
    return status, out.getvalue(), err.getvalue()


@dataclass(frozen=True)
class Measured:
    """What the profiler left, and what it said."""

    folder: Path
    at_the_kill: Path
    """A copy of the folder as the killed process left it."""
    printed: str


def measure_killed_once(folder: Path) -> Measured:
    """Begin in a process of its own, kill that with half of the cells measured, and end with the same command."""
    store, copy = folder / "store", folder / "at_the_kill"
    begun = subprocess.Popen(
        [sys.executable, str(COMMAND), *flags(store)],
        env=os.environ | {"TMPDIR": str(folder)},  # where its lock is: nobody else's measuring is waited for
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(begun, (store / "store.json").exists)
        growing = MeasuredStore.open(store)
        _wait(begun, lambda: growing.num_missing() <= 70)  # of 120, of which the first 20 are the reference
    finally:
        begun.send_signal(signal.SIGKILL)
        begun.wait()
    shutil.copytree(store, copy)
    status, out, err = profile_here(*flags(store))
    assert status == 0, err
    return Measured(store, copy, out + err)


def _wait(process: subprocess.Popen[bytes], happened: Callable[[], bool]) -> None:
    while not happened():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
