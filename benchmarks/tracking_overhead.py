"""What recording costs a sweep: nothing recorded, this project's callbacks, and the stock ones, side by side.

    python benchmarks/tracking_overhead.py > tracking_overhead.md

16 trials of 10 epochs that take no time, one after another, so that what is left is the sweep's own work. The same
searcher, trainable and checkpoints each time; only the callbacks differ. `ours`: result.json, progress.csv, TensorBoard
and W&B (offline). `stock`: Ray's JsonLoggerCallback, CSVLoggerCallback, TBXLoggerCallback and WandbLoggerCallback
(offline). Each runs in a process of its own, in turn, several rounds; processes and memory are those of the sweep's
whole process tree, looked at twice a second.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import process_tree, proportional_mb

ROOT = Path(__file__).resolve().parent.parent
TRIALS, EPOCHS = 16, 10
NONE, OURS, STOCK = VARIANTS = ("none", "ours", "stock")
SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Cost:
    """What one sweep took."""

    seconds: float
    """From the Tuner's start to its end; Ray was up before."""
    processes: int
    memory_mb: float
    """Proportional set size of the tree at its peak: a page that two processes share counts half for each."""


def run_sweep(variant: str, folder: Path) -> float:
    """One sweep with one set of callbacks; its seconds."""
    from tune.cluster.ray_environment import prepare_ray_environment

    prepare_ray_environment()
    from rich.console import Console

    from results.record.sweeps import read_sweep
    from tune.callbacks.followers import Followers
    from tune.cluster.allotment import allot, connect
    from tune.engine.tuner import build_tuner, with_data_in_store
    from tune.planning.plan import plan_new
    from tune.planning.sweep_folder import begin
    from tune.request.command_line import Request

    flags = {
        "name": variant,
        "storage_path": str(folder),
        "run": "quadratic_run:KIND",
        "num_samples": TRIALS,
        "num_epochs": EPOCHS,
        "scheduler": "none",
        "replicate": 0,
        "max_concurrent_trials": 1,
    }
    plan = plan_new(Request(None, flags, None))
    connect(None)
    begin(plan)
    record = read_sweep(plan.settings.folder)
    followers = Followers(record, "offline", Console(stderr=True))
    callbacks: Sequence[Any] = ()
    if variant == OURS:
        callbacks = [followers.recorder, followers.tensorboard, followers.wandb]
    elif variant == STOCK:
        callbacks = stock_callbacks()
    stored = with_data_in_store(plan)
    tuner = build_tuner(stored, record, allot(1, 0, 1), followers.recorder, callbacks, say=print)
    started = time.perf_counter()
    results = tuner.fit()
    seconds = time.perf_counter() - started
    if len(results) != TRIALS or results.num_errors:
        raise SystemExit(f"{variant}: {len(results)} trials, {results.num_errors} errors")
    Console(stderr=True).print(f"{variant}: {seconds:.1f} s")
    return seconds


def stock_callbacks() -> list[Any]:
    from ray.air.integrations.wandb import WandbLoggerCallback
    from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback, TBXLoggerCallback

    return [JsonLoggerCallback(), CSVLoggerCallback(), TBXLoggerCallback(), WandbLoggerCallback(project="overhead")]


def measure(variant: str) -> Cost:
    """One sweep in a process of its own, watched from here."""
    with tempfile.TemporaryDirectory() as folder:
        python_path = os.pathsep.join([str(ROOT / "tests" / "support"), str(ROOT)])
        variables = {"PYTHONPATH": python_path, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        command = [sys.executable, __file__, "--variant", variant, "--folder", folder]
        process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, encoding="utf-8")
        processes, memory_mb = 0, 0.0
        while process.poll() is None:
            tree = process_tree(process.pid)
            processes = max(processes, len(tree))
            memory_mb = max(memory_mb, sum(map(proportional_mb, tree)))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        assert process.stdout
        output = process.stdout.read()
        if process.returncode:
            raise SystemExit(f"the sweep with {variant} callbacks failed with status {process.returncode}")
        return Cost(json.loads(output.splitlines()[-1]), processes, memory_mb)


def table(costs: dict[str, list[Cost]]) -> str:
    lines = [
        "| callbacks | seconds a sweep | they add, seconds a trial | most processes | most memory (MB) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for variant in VARIANTS:
        seconds = [cost.seconds for cost in costs[variant]]
        added = "" if variant == NONE else f"{added_per_trial(costs, variant):.3f}"
        processes = max(cost.processes for cost in costs[variant])
        memory_mb = max(cost.memory_mb for cost in costs[variant])
        lines.append(
            f"| {variant} | {statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}) | {added} | "
            f"{processes} | {memory_mb:,.0f} |"
        )
    share = added_per_trial(costs, OURS) / added_per_trial(costs, STOCK)
    return "\n".join([*lines, "", f"Ours adds {share:.1%} of what the stock callbacks add."])


def added_per_trial(costs: dict[str, list[Cost]], variant: str) -> float:
    """Median over the rounds of the difference within a round, by trial."""
    differences = [
        with_them.seconds - without.seconds for with_them, without in zip(costs[variant], costs[NONE], strict=True)
    ]
    return statistics.median(differences) / TRIALS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.variant:
        print(json.dumps(run_sweep(wanted.variant, wanted.folder)))
        return
    costs: dict[str, list[Cost]] = {variant: [] for variant in VARIANTS}
    for _ in range(wanted.rounds):
        for variant in VARIANTS:
            costs[variant].append(measure(variant))
    print(table(costs))


if __name__ == "__main__":
    main()
