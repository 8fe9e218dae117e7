"""The driver of a sweep as it grows: its CPU time and memory, beside how many trials there have been."""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processes import proportional_mb

ROOT = Path(__file__).resolve().parents[2]
RUN_SWEEP = ROOT / "tune" / "run_sweep.py"
RUN = ROOT / "benchmarks" / "growth" / "trivial_run.py"
SECONDS_BETWEEN_LOOKS = 0.5
SETTLED, FEWEST = 0.2, 500
"""Before that share of the trials, and of a sweep of fewer, what is imported and made once would count as growth."""
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Look:
    trials: int
    cpu_seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Driven:
    """What a sweep took of its driver."""

    seconds: float
    """The whole command."""
    results: int
    cpu_ms_per_result: float
    """While trials are begun: the start and the end of the command are not in it."""
    memory_mb: float
    """Proportional set size when the last trial is begun."""
    mb_per_1000: float
    """By which it grows with 1,000 trials, as a line through all looks has it; nan of fewer than FEWEST."""
    ray_state_kb: float
    """What Ray leaves in the sweep's folder."""


def flags_of(trials: int, epochs: int, scheduler: str, at_a_time: int, cpus: float) -> list[str]:
    """A search of the trivial run, recorded but for W&B, without replicates."""
    wanted = {
        "scheduler": scheduler,
        "run": f"{RUN}:KIND", "num_samples": trials, "num_epochs": epochs, "grace_period": 1, "sampler": "random",
        "replicate": 0, "wandb_mode": "disabled", "max_concurrent_trials": at_a_time, "cpus_per_trial": cpus,
    }  # fmt: skip
    return [text for name, value in wanted.items() for text in (f"--{name}", str(value))]


def drive(storage: Path, name: str, wanted: int, flags: Sequence[str], output: Path) -> Driven:
    """Run a sweep of so many trials to its end."""
    folder, began, looks = storage / name, time.monotonic(), list[_Look]()
    command = [sys.executable, str(RUN_SWEEP), "--storage_path", str(storage), "--name", name, *flags]
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    while process.poll() is None:
        if 0 < (trials := _trials(folder)) < wanted:
            looks.append(_Look(trials, _cpu_seconds(process.pid), proportional_mb(process.pid)))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    seconds = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: status {process.returncode}:\n{output.read_text(encoding='utf-8')}")
    looks = [look for look in looks if look.memory_mb]
    results = sum(len(file.read_bytes().splitlines()) for file in folder.glob("trial_*/result.json"))
    return Driven(
        seconds,
        results,
        1000 * _cpu_seconds_a_trial(looks) * wanted / results,
        looks[-1].memory_mb if looks else math.nan,
        _slope([(look.trials, look.memory_mb) for look in looks if look.trials > SETTLED * looks[-1].trials]),
        sum(file.stat().st_size for file in folder.iterdir() if _is_rays(file)) / 1000,
    )


def seconds_to_first_row(storage: Path, name: str, flags: Sequence[str], output: Path) -> float:
    """From the start of a command that goes on with an ended sweep to its first row; then it runs to its end."""
    began_at, began = time.time(), time.monotonic()
    command = [sys.executable, str(RUN_SWEEP), "--storage_path", str(storage), "--resume", name, *flags]
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    while not _has_row_since(storage / name, began_at):
        if process.poll() is not None:
            raise SystemExit(f"{' '.join(command)}: ended without a row:\n{output.read_text(encoding='utf-8')}")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    seconds = time.monotonic() - began
    process.wait()
    return seconds


def _has_row_since(folder: Path, when: float) -> bool:
    return any(file.stat().st_mtime > when for file in folder.glob("trial_*/result.json"))


def _cpu_seconds_a_trial(looks: Sequence[_Look]) -> float:
    """Nan where all trials were begun between two looks."""
    trials = looks[-1].trials - looks[0].trials if looks else 0
    return (looks[-1].cpu_seconds - looks[0].cpu_seconds) / trials if trials else math.nan


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Of a line through them, for 1,000 steps across."""
    if not points or points[-1][0] < FEWEST:
        return math.nan
    return 1000 * statistics.linear_regression(*zip(*points, strict=True)).slope


def _trials(folder: Path) -> int:
    """How many have been begun."""
    file = folder / "proposed.json"
    return int(json.loads(file.read_text(encoding="utf-8"))["trials"]) if file.exists() else 0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _is_rays(file: Path) -> bool:
    return file.name.startswith(("experiment_state", "searcher-state", "search_gen_state", "tuner.pkl", ".validate"))
