"""The two stacks: how a sweep is begun and gone on with, and where it leaves its curves."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb_file import history, records, run_config

from fidelity.logged_run import METRIC, Curves, Hyperparameters, Point
from fidelity.shape import EPOCH_MS, GRACE_PERIOD, NUM_EPOCHS, NUM_SAMPLES, PROJECT, REDUCTION_FACTOR

ROOT = Path(__file__).resolve().parents[2]
SWEEP = "sweep"
"""Name of the sweep's folder."""

RESULT_FILE, TENSORBOARD, WANDB = VIEWS = ("result.json", "TensorBoard", "W&B")


@dataclass(frozen=True)
class Stack:
    """A way to sweep."""

    name: str
    command: Callable[[Path, int], list[str]]
    """From a folder and a seed: begins the sweep, or goes on with it."""
    tensorboard_tag: str
    wandb_runs: str
    """Pattern of the files that hold W&B's local history, below the folder."""

    def environment(self, folder: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        python_path = [ROOT, ROOT / "benchmarks", ROOT / "tests" / "support"]
        return kept | {
            "PYTHONPATH": os.pathsep.join(map(str, python_path)),
            "WANDB_MODE": "offline",
            "WANDB_SILENT": "true",
            "WANDB_DIR": str(folder),
            "RAY_AIR_NEW_OUTPUT": "0",
        }

    def curves(self, folder: Path) -> dict[str, Curves]:
        """What each view shows of every trial, in the order in which it holds it."""
        trials = sorted((folder / SWEEP).glob("*/params.json"))
        hyperparameters = {file.parent: _known_by(json.loads(file.read_bytes())) for file in trials}
        wandb_files = [file for file in sorted(folder.glob(self.wandb_runs)) if _names_a_run(file)]
        return {
            RESULT_FILE: _gathered((known, _result_rows(trial)) for trial, known in hyperparameters.items()),
            TENSORBOARD: _gathered(
                (known, _events(trial, self.tensorboard_tag)) for trial, known in hyperparameters.items()
            ),
            WANDB: _gathered((_known_by(run_config(file)), _logged(file)) for file in wandb_files),
        }


def log_of(folder: Path) -> Path:
    """The walker's own log of a sweep."""
    return folder / "trained.log"


def _our_command(folder: Path, seed: int) -> list[str]:
    begun = (folder / SWEEP / "sweep.yaml").exists()
    new = ["--name", SWEEP, "--run", "fidelity.logged_run:KIND", "--log", log_of(folder), "--epoch_ms", EPOCH_MS]
    new += ["--num_samples", NUM_SAMPLES, "--num_epochs", NUM_EPOCHS, "--grace_period", GRACE_PERIOD]
    new += ["--reduction_factor", REDUCTION_FACTOR, "--max_concurrent_trials", 1, "--wandb_project", PROJECT]
    new += ["--scheduler", "asha", "--replicate", 0]  # as the stock stack does
    asked = ["--resume", SWEEP] if begun else [*new, "--seed", seed]
    return [sys.executable, *map(str, [ROOT / "tune" / "run_sweep.py", "--storage_path", folder, *asked])]


def _stock_command(folder: Path, seed: int) -> list[str]:
    script = Path(__file__).with_name("stock_sweep.py")
    return [sys.executable, *map(str, [script, folder / SWEEP, seed, log_of(folder)])]


OURS = Stack("GRPO Sweep", _our_command, METRIC, f"{SWEEP}/trial_*/wandb/offline-run-*/*.wandb")
STOCK = Stack("stock", _stock_command, f"ray/tune/{METRIC}", "wandb/offline-run-*/*.wandb")


def _known_by(config: Mapping[str, float]) -> Hyperparameters:
    return config["target"], config["rate"]


def _gathered(parts: Iterable[tuple[Hyperparameters, list[Point]]]) -> Curves:
    """The points of every trial; a trial that several files tell of has those of all."""
    curves: dict[Hyperparameters, list[Point]] = defaultdict(list)
    for known, points in parts:
        curves[known] += points
    return curves


def _result_rows(trial: Path) -> list[Point]:
    file = trial / "result.json"
    rows = [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []
    return [(row["training_iteration"], row[METRIC]) for row in rows]


def _events(trial: Path, tag: str) -> list[Point]:
    """What TensorBoard shows: of steps that a later file begins again it hides the earlier ones itself."""
    events = EventAccumulator(str(trial), {"scalars": 0})
    events.Reload()
    there = tag in events.Tags()["scalars"]
    return [(event.step, event.value) for event in events.Scalars(tag)] if there else []


def _names_a_run(file: Path) -> bool:
    """Whether wandb-core lived long enough to write of which trial the file is."""
    return any(record.WhichOneof("record_type") == "run" for record in records(file))


def _logged(file: Path) -> list[Point]:
    return [(row["training_iteration"], row[METRIC]) for row in history(file)]
