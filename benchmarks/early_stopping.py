"""What early stopping saves and what it loses: ASHA of this project replayed over recorded training curves.

    python benchmarks/early_stopping.py > early_stopping.md

First 64 settings drawn at random from the search space, and the starting values, are trained to the end without any
stopping; their curves are kept in a file and read from it the next time. Then many sweeps of 16 trials are played over
these curves, each by the scheduler of a sweep with --scheduler asha, for every grace period and reduction factor.

Two at a time, the slowest setting takes twice as long for an epoch as the fastest. The searcher of a real sweep learns
from the trials before; here settings are drawn at random, in the second table the later ones from the better half.
"""

import argparse
import functools
import heapq
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable import contract
from trainable.ranking import Objective

if TYPE_CHECKING:
    import numpy as np

    from trainable.grpo.controller_data import ControllerData

CURVES_FILE = Path(__file__).resolve().parent / "data" / "early_stopping_curves.json"
METRIC, MODE = contract.VAL_IN_BUDGET_ACCURACY, "max"
GRACE_PERIODS = (1, 2, 3, 5, 8, 10)
REDUCTION_FACTORS = (2, 3, 4)
CONCURRENCIES = (1, 2)
PACES = (1.0, 2.0)
"""Range from which the time that a setting takes for an epoch is drawn. At one pace, trials would reach every rung in
the order of their numbers at any concurrency, and nothing would differ from one at a time."""
TRIALS = 16
SEED = 0

Curve = list[float]
Decide = Callable[[int, int, float], bool]
"""Told (number of the trial, epoch, value), says whether the trial stops there."""


# The curves


def train_curves(num_settings: int, num_epochs: int, processes: int) -> dict[str, Any]:
    """Train the starting values and `num_settings` random settings; the record that the curves file holds."""
    import optuna
    from optuna.samplers import RandomSampler

    from search_spaces.joint_controller import SPACE
    from trainable.grpo.joint_controller import KIND
    from trainable.grpo.settings import GRPOSettings

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=RandomSampler(seed=SEED))
    configs = [
        {name: getattr(GRPOSettings(), name) for name in SPACE},
        *(study.ask(SPACE).params for _ in range(num_settings)),
    ]
    trials = []
    workers = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_load_data)
    with workers:
        curves = workers.map(_curve, configs, [num_epochs] * len(configs))
        for config, curve in zip(configs, curves, strict=True):
            trials.append({"config": config, "curve": curve})
            print(f"{len(trials)}/{len(configs)} trained: {config}, best {max(curve):.3f}", file=sys.stderr, flush=True)
    return {
        "metric": METRIC,
        "profile": KIND.prepare(GRPOSettings()).profile.fingerprint,
        "num_epochs": num_epochs,
        "trials": trials,
    }


_data: "ControllerData"


def _load_data() -> None:
    """What each process of the pool loads once."""
    import torch

    from trainable.grpo.joint_controller import KIND
    from trainable.grpo.settings import GRPOSettings

    global _data
    torch.set_num_threads(1)
    _data = KIND.prepare(GRPOSettings())


def _curve(config: dict[str, Any], num_epochs: int) -> Curve:
    from trainable.grpo.run import GRPORun
    from trainable.grpo.settings import GRPOSettings

    run = GRPORun(GRPOSettings(**config), _data, SEED, "cpu")
    return [run.step()[METRIC] for _ in range(num_epochs)]


def write_curves(record: dict[str, Any], file: Path) -> None:
    """As JSON, one trial a line."""
    head = {name: value for name, value in record.items() if name != "trials"}
    trials = ",\n".join(json.dumps(trial) for trial in record["trials"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(head)[:-1] + ', "trials": [\n' + trials + "\n]}\n", encoding="utf-8")


# The sweeps played over them


@dataclass(frozen=True)
class Played:
    """What became of one sweep."""

    share_of_epochs: float
    """Of those that the sweep takes without stopping."""
    score_lost: float
    best_was_stopped: bool


def play(curves: list[Curve], paces: list[float], decide: Decide, concurrency: int) -> list[int]:
    """Run trials as a sweep does: in order, `concurrency` at a time, whichever is free takes the next.

    Args:
        curves: of each trial, by its number.
        paces: how long an epoch of each trial takes, in any unit.

    Returns:
        Epochs of each trial.
    """
    epochs = [0] * len(curves)
    waiting = iter(range(len(curves)))
    reports = [(paces[number], number) for number in itertools.islice(waiting, concurrency)]
    heapq.heapify(reports)
    while reports:
        now, number = heapq.heappop(reports)
        epochs[number] += 1
        stops = decide(number, epochs[number], curves[number][epochs[number] - 1])
        if stops or epochs[number] == len(curves[number]):
            number = next(waiting, -1)
        if number >= 0:
            heapq.heappush(reports, (now + paces[number], number))
    return epochs


def asha(num_epochs: int, grace_period: int, reduction_factor: int) -> Decide:
    """The decisions of a fresh scheduler of a sweep."""
    from tune.searching.halving import StoppingASHA

    scheduler = StoppingASHA(Objective((METRIC,), (MODE,)), num_epochs, grace_period, reduction_factor)
    return lambda number, epoch, value: scheduler.stops(number, {contract.EPOCH: epoch, METRIC: value})


def never(number: int, epoch: int, value: float) -> bool:
    """The decisions of a sweep without early stopping."""
    return False


def judge(curves: list[Curve], epochs: list[int]) -> Played:
    """A sweep beside the same sweep without stopping."""
    without_stopping = [max(curve) for curve in curves]
    kept = max(max(curve[:spent]) for curve, spent in zip(curves, epochs, strict=True))
    best = without_stopping.index(max(without_stopping))
    share = sum(epochs) / sum(map(len, curves))
    return Played(share, max(without_stopping) - kept, epochs[best] < len(curves[best]))


def orders(curves: list[Curve], draws: int, learning: bool) -> Iterator["np.ndarray"]:
    """The settings of each sweep: the starting values, then 15 of the others without return, in random order.

    Args:
        learning: all but the proposals that the searcher makes at random come from the better half of the settings.
    """
    import numpy as np

    from tune.sampling.samplers import RANDOM_PROPOSALS

    others = np.arange(1, len(curves))
    better = sorted(others, key=lambda index: -max(curves[index]))[: len(others) // 2]
    generator = np.random.default_rng(SEED)
    for _ in range(draws):
        if learning:
            first = generator.choice(others, RANDOM_PROPOSALS - 1, replace=False)
            rest = generator.choice(np.setdiff1d(better, first), TRIALS - RANDOM_PROPOSALS, replace=False)
            yield np.concatenate([[0], first, rest])
        else:
            yield np.concatenate([[0], generator.choice(others, TRIALS - 1, replace=False)])


def table(curves: list[Curve], sweeps: list["np.ndarray"], what: str) -> list[str]:
    import numpy as np

    num_epochs = len(curves[0])
    paces = np.random.default_rng(SEED).uniform(*PACES, size=len(curves))
    schedulers: list[tuple[str, Callable[[], Decide]]] = [("none | ", lambda: never)]
    schedulers += [
        (f"{grace_period} | {factor}", functools.partial(asha, num_epochs, grace_period, factor))
        for grace_period in GRACE_PERIODS
        for factor in REDUCTION_FACTORS
    ]
    header = ["grace period", "reduction factor"]
    for concurrency in CONCURRENCIES:
        header += [f"epochs, {concurrency} at a time", "score lost: mean", "95th percentile", "best trial stopped"]
    lines = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|"]
    for name, make_decide in schedulers:
        cells = [name]
        for concurrency in CONCURRENCIES:
            played = []
            for indices in sweeps:
                drawn = [curves[index] for index in indices]
                played.append(judge(drawn, play(drawn, paces[indices].tolist(), make_decide(), concurrency)))
            cells += _cells(played)
        lines.append(f"| {' | '.join(cells)} |")
        print(f"{what}: {lines[-1]}", file=sys.stderr, flush=True)
    return lines


def _cells(played: list[Played]) -> list[str]:
    import numpy as np

    lost = np.array([sweep.score_lost for sweep in played])
    return [
        f"{np.mean([sweep.share_of_epochs for sweep in played]):.0%}",
        f"{lost.mean():.4f}",
        f"{np.percentile(lost, 95):.4f}",
        f"{np.mean([sweep.best_was_stopped for sweep in played]):.0%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=Path, default=CURVES_FILE, help="curves file; trained and written if absent")
    parser.add_argument("--num_settings", type=int, default=64, help="random settings to train (default: 64)")
    parser.add_argument("--num_epochs", type=int, default=30, help="epochs of each training (default: 30)")
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time (default: 1)")
    parser.add_argument("--draws", type=int, default=400, help="sweeps to play for each row (default: 400)")
    parser.add_argument(
        "--leave_out",
        type=int,
        default=0,
        help="leave out that many of the best settings: does it hang on a few curves?",
    )
    args = parser.parse_args()
    if args.num_settings < 2 * TRIALS:
        parser.error(f"--num_settings is {args.num_settings}; it must be at least {2 * TRIALS}")
    if args.num_epochs < max(GRACE_PERIODS):
        parser.error(f"--num_epochs is {args.num_epochs}; it must be at least {max(GRACE_PERIODS)}, the longest grace")

    if not args.curves.exists():
        write_curves(train_curves(args.num_settings, args.num_epochs, args.processes), args.curves)
    record = json.loads(args.curves.read_text(encoding="utf-8"))
    first, *others = (trial["curve"] for trial in record["trials"])
    ranked = sorted(others, key=max, reverse=True)
    curves = [first, *(curve for curve in others if curve not in ranked[: args.leave_out])]
    scores = sorted(max(curve) for curve in curves[1:])
    print(
        f"{len(scores)} random settings, {record['num_epochs']} epochs, scores {scores[0]:.3f} to {scores[-1]:.3f} "
        f"(median {scores[len(scores) // 2]:.3f}); starting values {max(curves[0]):.3f}; {args.draws} sweeps of "
        f"{TRIALS} trials\n"
    )
    for learning, what in ((False, "all trials at random"), (True, "later trials from the better half")):
        sweeps = list(orders(curves, args.draws, learning))
        winners = {max(indices.tolist(), key=lambda index: max(curves[index])) for indices in sweeps}
        lines = table(curves, sweeps, what)
        title = f"{what[0].upper()}{what[1:]} (one of {len(winners)} settings is the best of its sweep):"
        print(f"{title}\n\n" + "\n".join(lines), end="\n\n" if not learning else "\n")


if __name__ == "__main__":
    main()
