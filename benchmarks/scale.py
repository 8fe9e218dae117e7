"""How a sweep grows: what its driver, its resume and what reads it take with 10 trials, and with 10,000.

    python benchmarks/scale.py > scale.md                 every table
    python benchmarks/scale.py --sweeps 10 100            smaller sweeps, and no tables but theirs
    python benchmarks/scale.py --sweeps 40 --epochs 30 --scheduler none    what an epoch costs where trials are long
    python benchmarks/scale.py --records 1000             records that were made up, and no tables but theirs
    python benchmarks/scale.py --told_of_few 3            long searches with TPE's bound and without it

The sweeps are really run: trials of a run whose epochs take no time (benchmarks/growth/trivial_run.py), most of which
pause after their first epoch of three and some of which go on, so that all that is measured is the sweep's own work.
The records of trials of 30 epochs are a small sweep's to which trials like its own are added, as promotion leaves them.
"""

import argparse
import math
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10, 100, 1_000, 10_000)
RECORDS = (100, 1_000, 10_000)
EPOCHS, EPOCHS_OF_RECORDS = 3, 30
SEEDS, TRIALS_OF_SEARCHES = 3, 1_500


def sweeps(sizes: Sequence[int], epochs: int, scheduler: str, at_a_time: int, cpus: float, folder: Path) -> list[str]:
    """Run a sweep of each size; the table."""
    from growth.commands import read
    from growth.driver import drive, flags_of, seconds_to_first_row

    lines = [
        "| trials | took | results | driver CPU a result | driver memory | grows a 1,000 trials | Ray's state "
        "| `--resume` to its first row | compare_trials.py | report.py | a proposal of TPE's |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for trials in sizes:
        name = f"of-{trials}"
        driven = drive(
            folder, name, trials, flags_of(trials, epochs, scheduler, at_a_time, cpus), folder / f"{name}.txt"
        )
        reading = read(folder / name)
        more = ["--num_samples", str(trials + 1)]
        resume_s = seconds_to_first_row(folder, name, more, folder / f"{name}-resumed.txt")
        growth = "-" if math.isnan(driven.mb_per_1000) else f"{driven.mb_per_1000:.1f} MB"
        lines.append(
            f"| {trials:,} | {driven.seconds:.0f} s | {driven.results:,} | {driven.cpu_ms_per_result:.0f} ms "
            f"| {driven.memory_mb:.0f} MB | {growth} | {driven.ray_state_kb:.0f} kB "
            f"| {resume_s:.1f} s | {reading.compare_s:.1f} s | {reading.report_s:.1f} s, {reading.report_mb:.1f} MB "
            f"| {reading.tpe_ms:.0f} ms |"
        )
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def records(sizes: Sequence[int], at_a_time: int, cpus: float, folder: Path) -> list[str]:
    """Make a record of each size and go on with it; the table."""
    from growth.commands import read
    from growth.driver import drive, flags_of, seconds_to_first_row
    from growth.enlarged import enlarge

    lines = [
        "| trials of up to 30 epochs | epochs | `--resume` to its first row | compare_trials.py | report.py "
        "| a proposal of TPE's |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for trials in sizes:
        name = f"record-of-{trials}"
        drive(folder, name, 3, flags_of(3, EPOCHS_OF_RECORDS, "promote", at_a_time, cpus), folder / f"{name}.txt")
        enlarge(folder / name, trials, EPOCHS_OF_RECORDS)
        epochs = sum(len(file.read_bytes().splitlines()) for file in (folder / name).glob("trial_*/result.json"))
        reading = read(folder / name)
        # One epoch more than there are, be it of a paused trial: the first new row ends it.
        more = ["--num_samples", str(trials + 1), "--epoch_budget", str(epochs + 1)]
        resume_s = seconds_to_first_row(folder, name, more, folder / f"{name}-resumed.txt")
        lines.append(
            f"| {trials:,} | {epochs:,} | {resume_s:.1f} s | {reading.compare_s:.1f} s "
            f"| {reading.report_s:.1f} s, {reading.report_mb:.1f} MB | {reading.tpe_ms:.0f} ms |"
        )
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, nargs="*", help=f"trials of each sweep that is run (all: {SIZES})")
    parser.add_argument("--records", type=int, nargs="*", help=f"trials of each record that is made (all: {RECORDS})")
    parser.add_argument("--told_of_few", type=int, metavar="SEEDS", help=f"searches of TPE's each way (all: {SEEDS})")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"most of a trial of a sweep (default: {EPOCHS})")
    parser.add_argument("--scheduler", choices=("promote", "none"), default="promote", help="of the sweeps")
    parser.add_argument("--at_a_time", type=int, default=4, help="trials that run at a time (default: 4)")
    parser.add_argument("--folder", type=Path, help="where the sweeps are left (default: nowhere)")
    wanted = parser.parse_args()
    is_all = wanted.sweeps is None and wanted.records is None and wanted.told_of_few is None
    sys.path.insert(0, str(ROOT))
    cores = len(os.sched_getaffinity(0))
    cpus = min(1.0, cores / wanted.at_a_time)
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(
            f"{cores} cores ({platform.machine()}), Python {platform.python_version()}; {wanted.at_a_time} trials at "
        )
        print("a time.\n")
        if is_all or wanted.sweeps is not None:
            print(
                "\n".join(
                    sweeps(wanted.sweeps or SIZES, wanted.epochs, wanted.scheduler, wanted.at_a_time, cpus, folder)
                ),
                end="\n\n",
                flush=True,
            )
        if is_all or wanted.records is not None:
            print("\n".join(records(wanted.records or RECORDS, wanted.at_a_time, cpus, folder)), end="\n\n", flush=True)
        if is_all or wanted.told_of_few is not None:
            from growth.told_of_few import table

            print("\n".join(table(wanted.told_of_few or SEEDS, TRIALS_OF_SEARCHES)), flush=True)


if __name__ == "__main__":
    main()
