"""What running many trainings takes beside the training itself: the same ones in four ways, in turn, on one machine.

    python benchmarks/orchestration.py > orchestration.md

32 trainings of 10 epochs of the default run, under the same settings and seed, as many at a time as there are cores,
one thread each; all record every epoch for TensorBoard and W&B (offline) and keep a checkpoint of it.

(a) stock   Ray Tune as its guides write it: its defaults, its WandbLoggerCallback and TBXLoggerCallback
(b) ours    tune/run_sweep.py
(c) loop    one after another in a plain Python loop
(d) pool    Optuna alone, processes that share a study

Each is a command of its own, watched from here: its wall time, the CPU seconds and memory of all its processes (Ray's
and W&B's, too). How long the training itself took is measured inside the trials, an epoch at a time, by the same code
in all four. Rounds alternate their order.
"""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrated.figures import Figures

ROOT = Path(__file__).resolve().parent.parent
LINES_OF_FAILURE = 30


def measure(name: str, run: str, trials: int, epochs: int, slots: int, folder: Path) -> "Figures":
    """One way, once."""
    from orchestrated.figures import figures_of
    from orchestrated.trainings import Trainings, read_notes
    from orchestrated.ways import WAYS, variables
    from processes import run_watched

    way = next(way for way in WAYS if way.name == name)
    folder.mkdir(parents=True)
    trainings = Trainings(run.upper(), trials, epochs, str(folder / "notes"))
    output = folder / "output"
    usage = run_watched(way.command(folder / name, trainings, slots), variables(), output)
    notes = read_notes(folder / "notes") if (folder / "notes").exists() else []
    if usage.status or len(notes) != trials * epochs:
        said = "\n".join(output.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_FAILURE:])
        raise SystemExit(f"{name}: status {usage.status}, {len(notes)} epochs of {trials * epochs}:\n{said}")
    return figures_of(way, usage, notes, trials, slots, len(os.sched_getaffinity(0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--slots", type=int, default=len(os.sched_getaffinity(0)), help="trials at a time")
    parser.add_argument("--run", choices=("controller", "parabola"), default="controller", help="what is trained")
    parser.add_argument("--ways", nargs="+", choices=("stock", "ours", "loop", "pool"), help="only these")
    parser.add_argument("--figures", type=Path, help="a file: gets the figures of each run, a line each")
    parser.add_argument("--folder", type=Path, help="where all is kept (default: a temporary folder, removed)")
    wanted = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    from orchestrated.figures import tables, verdict, write

    ways = wanted.ways or ["stock", "ours", "loop", "pool"]
    measured: list[Figures] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = (wanted.folder or Path(temporary)).absolute()
        for number in range(wanted.rounds):
            for name in ways if number % 2 == 0 else reversed(ways):
                here = folder / f"round_{number}" / name
                measured.append(measure(name, wanted.run, wanted.trials, wanted.epochs, wanted.slots, here))
                print(measured[-1], file=sys.stderr, flush=True)
    if wanted.figures:
        write(measured, wanted.figures)
    print(f"{wanted.rounds} rounds of {wanted.trials} trials of {wanted.epochs} epochs, {wanted.slots} at a time.")
    print(f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python {platform.python_version()}.\n")
    print(tables(measured))
    if said := verdict(measured):
        print(f"\n{said}")


if __name__ == "__main__":
    main()
