"""What interruptions cost: the same trials under the same random kills, swept by the stock stack and by this project.

    python benchmarks/resume_fidelity.py > resume_fidelity.md

Stock is the script that Ray's guides give (benchmarks/fidelity/stock_sweep.py): Tuner and Tuner.restore, OptunaSearch,
ASHA, the JSON, CSV, TensorBoard and W&B callbacks, a checkpoint after every epoch. The driver, a worker or wandb-core
is killed by `kill -9`, or the driver is asked to end by SIGTERM, at moments drawn from a seed; then the sweep is
started again, until it is finished. One trial runs at a time, so that the machine's speed decides nothing.

The training notes every epoch in a log of its own. Against that log are held, when the sweep has ended: result.json,
TensorBoard as its own reader shows it, and W&B's local history, all segments of a trial together. What could be counted
in two ways is counted in favour of the stack.
"""

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fidelity.stacks import Stack

ROOT = Path(__file__).resolve().parent.parent
KILLS_PER_SWEEP = 10


@dataclass
class Measured:
    """What was counted of one stack, over all its sweeps."""

    sweeps: int = 0
    """That were killed."""
    kills: Counter[str] = field(default_factory=Counter)
    """How many of each target."""
    faults: dict[str, Counter[str]] = field(default_factory=dict)
    """By view."""
    twin_faults: Counter[str] = field(default_factory=Counter)
    """Of all views, in the twin that nobody interrupted."""
    decisions: Counter[str] = field(default_factory=Counter)
    trained: Counter[str] = field(default_factory=Counter)
    repeated_seconds: float = 0.0
    hung: int = 0
    begun_anew: int = 0


def measure(stack: "Stack", kills: int, seed: int, folder: Path) -> Measured:
    """One sweep that nobody interrupts, then the same amid kills, again and again until so many have fallen."""
    from fidelity.comparison import decisions, repetition
    from fidelity.kills import sweep_amid_kills
    from fidelity.logged_run import trained_epochs
    from fidelity.stacks import VIEWS, log_of

    measured = Measured(faults={view: Counter() for view in VIEWS})
    twin = folder / f"{stack.name}-twin"
    sweep_amid_kills(stack, twin, seed, most_kills=0)
    measured.twin_faults += sum(faults_by_view(stack, twin, seed).values(), Counter())
    while (left := kills - measured.kills.total()) > 0:
        killed = folder / f"{stack.name}-{measured.sweeps}"
        fate = sweep_amid_kills(stack, killed, seed, most_kills=min(left, KILLS_PER_SWEEP), kill_seed=measured.sweeps)
        log = trained_epochs(log_of(killed))
        trained, seconds = repetition(log)
        for view, count in faults_by_view(stack, killed, seed).items():
            measured.faults[view] += count
        measured.sweeps += 1
        measured.kills += Counter(fate.kills)
        measured.decisions += decisions(log, trained_epochs(log_of(twin)))
        measured.trained += trained
        measured.repeated_seconds += seconds
        measured.hung += fate.hung
        measured.begun_anew += fate.begun_anew
        print(f"{stack.name}: {measured.kills.total()} of {kills} kills", file=sys.stderr, flush=True)
    return measured


def faults_by_view(stack: "Stack", folder: Path, seed: int) -> dict[str, Counter[str]]:
    from fidelity.comparison import faults
    from fidelity.logged_run import trained_epochs, true_metric
    from fidelity.stacks import log_of

    log = trained_epochs(log_of(folder))
    return {
        view: faults(log, shown, lambda trial, epoch: true_metric(trial, seed, epoch))
        for view, shown in stack.curves(folder).items()
    }


def table(by_stack: dict[str, Measured]) -> str:
    """One column a stack."""
    columns = [_column(measured) for measured in by_stack.values()]
    lines = [f"| | {' | '.join(by_stack)} |", f"| --- |{' --- |' * len(columns)}"]
    lines += [f"| {title} | {' | '.join(column[title] for column in columns)} |" for title in columns[0]]
    return "\n".join(lines)


def _column(measured: Measured) -> dict[str, str]:
    from fidelity.comparison import COMMON_TRIALS, FAULTS, OTHER_LENGTHS, OTHER_PROPOSALS, PROPOSALS, REPEATED, TRAINED
    from fidelity.kills import TARGETS

    decided, trained = measured.decisions, measured.trained
    of_targets = ", ".join(f"{target} {measured.kills[target]}" for target in TARGETS)
    return {
        "kills": f"{measured.kills.total()} ({of_targets})",
        "sweeps, epochs trained": f"{measured.sweeps}, {trained[TRAINED]}",
        **{
            f"{view}: {', '.join(FAULTS)}": ", ".join(str(count[fault]) for fault in FAULTS)
            for view, count in measured.faults.items()
        },
        f"all three, not interrupted: {', '.join(FAULTS)}": ", ".join(str(measured.twin_faults[f]) for f in FAULTS),
        "proposals that are not the twin's": f"{decided[OTHER_PROPOSALS]} of {decided[PROPOSALS]}",
        "trials stopped at another epoch than the twin's": f"{decided[OTHER_LENGTHS]} of {decided[COMMON_TRIALS]}",
        "epochs trained again": f"{trained[REPEATED]} ({measured.repeated_seconds:.0f} s)",
        "hung, or could not be gone on with": f"{measured.hung}, {measured.begun_anew}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="of each stack")
    parser.add_argument("--seed", type=int, default=0, help="of the sweeps; the kills of the n-th follow from n")
    parser.add_argument("--only", choices=("stock", "GRPO Sweep"), help="one of the two stacks")
    parser.add_argument("--folder", type=Path, help="where the sweeps stay (default: a temporary folder, removed)")
    wanted = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    from fidelity.stacks import OURS, STOCK

    with tempfile.TemporaryDirectory() as temporary:
        folder = (wanted.folder or Path(temporary)).absolute()
        stacks = [stack for stack in (STOCK, OURS) if wanted.only in (None, stack.name)]
        print(table({stack.name: measure(stack, wanted.kills, wanted.seed, folder) for stack in stacks}))


if __name__ == "__main__":
    main()
