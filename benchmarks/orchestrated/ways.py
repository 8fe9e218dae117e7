"""The four ways: what each is started with."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrated.trainings import SEED, Trainings

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Way:
    """A way to run the trainings."""

    name: str
    title: str
    script: Path
    arguments: Callable[[Path, Trainings, int], list[str]]
    """From a folder, the trainings, and how many are to run at a time."""
    takes_turns: bool = False
    """Whether one training runs at a time, however many may."""

    def command(self, folder: Path, trainings: Trainings, slots: int) -> list[str]:
        return [sys.executable, str(self.script), *self.arguments(folder, trainings, slots)]


def variables() -> dict[str, str]:
    """The environment of all four."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "RAY_", "TUNE_"))}
    python_path = [ROOT, ROOT / "benchmarks", ROOT / "tests" / "support"]
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(str, python_path)),
        "OMP_NUM_THREADS": "1",
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
    }


def _given(folder: Path, trainings: Trainings, slots: int) -> list[str]:
    return [str(folder), *map(str, trainings)]


def _given_with_slots(folder: Path, trainings: Trainings, slots: int) -> list[str]:
    return [*_given(folder, trainings, slots), str(slots)]


def _flags(folder: Path, trainings: Trainings, slots: int) -> list[str]:
    """Every trial to its end and none run again, a checkpoint after every epoch: as the other ways have it."""
    flags = {
        "storage_path": folder.parent,
        "name": folder.name,
        "run": f"orchestrated.trainings:{trainings.run}",
        "notes": trainings.notes,
        "num_samples": trainings.trials,
        "num_epochs": trainings.epochs,
        "seed": SEED,
        "scheduler": "none",
        "replicate": 0,
        "checkpoint_every": 1,
        "max_concurrent_trials": slots,
        "wandb_mode": "offline",
    }
    tried = [",".join(f"{name}={value!r}" for name, value in one.items()) for one in trainings.hyperparameters[1:]]
    return [*(f"--{name}={value}" for name, value in flags.items()), *(f"--try={one}" for one in tried)]


STOCK = Way("stock", "(a) Ray Tune, stock", HERE / "stock.py", _given)
OURS = Way("ours", "(b) GRPO Sweep", ROOT / "tune" / "run_sweep.py", _flags)
LOOP = Way("loop", "(c) a plain loop", HERE / "loop.py", _given, takes_turns=True)
POOL = Way("pool", "(d) Optuna, processes", HERE / "pool.py", _given_with_slots)
WAYS = (STOCK, OURS, LOOP, POOL)
