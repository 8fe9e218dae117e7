"""Where a sweep's own process spends its time: CPU milliseconds of its main thread, by what it does.

    python benchmarks/orchestrated/where_it_goes.py > profile.md

Trainings that take no time, so that what is left is the sweep's own; under cProfile, which makes Python's part half as
slow again. What is spent in other threads (W&B's, gRPC's), in Ray's processes and in the workers is not in here.
"""

import argparse
import contextlib
import cProfile
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]

PARTS = {
    "to import modules, at the start and at the end": ("<frozen importlib._bootstrap>", "_find_and_load"),
    "to start Ray": ("tune/cluster/local_ray.py", "start_ray"),
    "to plan the sweep": ("tune/planning/plan.py", "plan_new"),
    "to propose trials, and to write them down": ("tune/engine/searcher.py", "suggest"),
    "to record rows": ("tune/callbacks/recorder.py", "on_trial_result"),
    "to write the views: Optuna's, TensorBoard's, W&B's": ("ray/tune/logger/logger.py", "on_trial_result"),
    "to call trials": ("air/execution/_internal/actor_manager.py", "schedule_actor_task"),
    "to wait for their answers": ("ray/_private/worker.py", "wait"),
    "to fetch these": ("ray/_private/worker.py", "get"),
    "to say how it ended": ("tune/screen/announce.py", "print_end"),
    "to draw the report": ("results/page/file.py", "write_report"),
}
"""By the function that does it: the end of its file's path, and its name. But for imports none calls another."""


def measured(trials: int, epochs: int) -> pstats.Stats:
    """One sweep in this process."""
    from orchestrated.trainings import Trainings
    from orchestrated.ways import OURS, variables

    os.environ.update(variables())
    from tune.run_sweep import main

    profile = cProfile.Profile(time.thread_time)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        trainings = Trainings("PARABOLA", trials, epochs, str(Path(folder, "notes")))
        flags = OURS.arguments(Path(folder, "sweep"), trainings, len(os.sched_getaffinity(0)))
        profile.enable()
        status = main(flags)
        profile.disable()
    if status:
        raise SystemExit(f"the sweep ended with status {status}")
    return pstats.Stats(profile)


def spent_on_parts(stats: pstats.Stats) -> dict[str, float]:
    """CPU seconds of each; of one that no function stands for, none."""
    functions = stats.stats.items()  # type: ignore[attr-defined]
    return {
        title: sum(told[3] for (path, _, name), told in functions if path.endswith(file) and name == function)
        for title, (file, function) in PARTS.items()
    }


def table(stats: pstats.Stats, trials: int, epochs: int) -> str:
    """The parts, and what is left: Ray Tune's own loop above all."""
    total, spent = stats.total_tt, spent_on_parts(stats)  # type: ignore[attr-defined]
    spent["everything else, above all Ray Tune's loop"] = total - sum(spent.values())
    lines = ["| | ms | of the whole |", "| --- | --- | --- |"]
    lines += [f"| {title} | {1000 * seconds:,.0f} | {seconds / total:.0%} |" for title, seconds in spent.items()]
    return "\n".join([*lines, f"| {trials} trials of {epochs} epochs | {1000 * total:,.0f} | |"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10)
    wanted = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(HERE.parents[1]), str(ROOT / "tests" / "support")]
    print(table(measured(wanted.trials, wanted.epochs), wanted.trials, wanted.epochs))


if __name__ == "__main__":
    main()
