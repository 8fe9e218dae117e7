"""Kills at random moments: which process dies, how, and when, as a seed says."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fidelity.logged_run import trained_epochs
from fidelity.stacks import SWEEP, Stack, log_of

DRIVER, WORKER, WANDB_CORE, TERMINATED = TARGETS = ("driver", "worker", "wandb-core", "driver, SIGTERM")
LONGEST_WAIT_S = 8.0
"""Between an epoch that came after the kill before, and this kill."""
HUNG_AFTER_S = 180.0
"""A sweep that trains no epoch for so long is killed as a whole; a quiet machine needs some 10 s to begin."""
SECONDS_TO_DIE = 60.0
MOST_BEGINNINGS = 3
OUTPUT = "output.txt"


@dataclass(frozen=True)
class Kill:
    target: str
    wait_s: float


@dataclass
class Fate:
    """What became of a sweep until its end."""

    kills: list[str] = field(default_factory=list)
    hung: int = 0
    begun_anew: int = 0
    """Times that it ended with an error instead of going on, and all that it had left was removed."""


def schedule(seed: int) -> Iterator[Kill]:
    """Kills without end, half of them `kill -9` of the driver."""
    chance = random.Random(f"kills/{seed}")
    while True:
        yield Kill(chance.choices(TARGETS, weights=(3, 1, 1, 1))[0], chance.uniform(0, LONGEST_WAIT_S))


def sweep_amid_kills(stack: Stack, folder: Path, seed: int, most_kills: int, kill_seed: int = 0) -> Fate:
    """Run a sweep to its end: after each kill it is started again, until it ends or has had `most_kills`.

    Raises:
        SystemExit: it can neither be gone on with nor begun anew.
    """
    fate, kills = Fate(), schedule(kill_seed)
    folder.mkdir(parents=True)
    while fate.begun_anew <= MOST_BEGINNINGS:
        process = _start(stack, folder, seed)
        killed = _kill_while_it_runs(process, folder, kills, fate, most_kills)
        status = process.wait()
        _await_end_of_all(folder)
        if status == 0:
            # Once more: where W&B lacks something, the last words of a sweep may ask for that.
            _start(stack, folder, seed).wait()
            return fate
        if not killed:
            fate.begun_anew += 1
            shutil.rmtree(folder / SWEEP, ignore_errors=True)
    raise SystemExit(f"{stack.name}, seed {seed}: status {status} again and again; see {folder / OUTPUT}")


def _start(stack: Stack, folder: Path, seed: int) -> "subprocess.Popen[bytes]":
    with (folder / OUTPUT).open("ab") as file:
        return subprocess.Popen(
            stack.command(folder, seed), env=stack.environment(folder), stdout=file, stderr=subprocess.STDOUT
        )


def _kill_while_it_runs(
    process: "subprocess.Popen[bytes]", folder: Path, kills: Iterator[Kill], fate: Fate, most_kills: int
) -> bool:
    """Whether the driver was ended by a kill from here; False: by itself."""
    while True:
        if not _trains_on(process, folder):
            if process.poll() is not None:
                return False
            fate.hung += 1
            process.kill()
            return True
        if len(fate.kills) == most_kills:
            process.wait()
            return False
        kill = next(kills)
        deadline = time.monotonic() + kill.wait_s
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is not None:
            return False
        if _strike(kill, process, folder):
            fate.kills.append(kill.target)
            if kill.target in (DRIVER, TERMINATED):
                return True


def _trains_on(process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    """Wait for one more trained epoch; False when the driver ends before, or nothing is trained for long."""
    before, deadline = len(trained_epochs(log_of(folder))), time.monotonic() + HUNG_AFTER_S
    while len(trained_epochs(log_of(folder))) == before:
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _strike(kill: Kill, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    """Whether there was something to kill."""
    if kill.target == DRIVER:
        process.kill()
    elif kill.target == TERMINATED:
        process.terminate()
        try:
            process.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            process.kill()
    else:
        victims = _processes(folder, "wandb-core") if kill.target == WANDB_CORE else _worker(folder)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        return bool(victims)
    return True


def _worker(folder: Path) -> list[int]:
    """The process that trained the last epoch, if it lives."""
    pid = trained_epochs(log_of(folder))[-1].pid
    return [pid] if pid in _processes(folder) else []


def _await_end_of_all(folder: Path) -> None:
    """Wait for whatever the sweep has started; what does not go by itself is killed."""
    deadline = time.monotonic() + SECONDS_TO_DIE
    while left := _processes(folder):
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def _processes(folder: Path, name: str = "") -> list[int]:
    """Processes that the sweep in a folder has started: its WANDB_DIR is in their environment."""
    mark = f"WANDB_DIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes()
            except OSError:  # it has just ended, or is another user's
                continue
            if marked and name.encode() in command.split(b"\0")[0]:
                found.append(int(entry.name))
    return found
