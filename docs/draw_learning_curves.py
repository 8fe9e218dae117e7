"""Draws the learning curves of a sweep and of the sweep that confirms it: docs/trl.svg.

    python docs/draw_learning_curves.py trl trl-confirmed

Left every trial, right the confirmed winner and the starting values: the mean over seeds, and from the lowest to the
highest.
"""

import argparse
import sys
from pathlib import Path

import matplotlib
import numpy as np

from results.analysis.comparison import compare
from results.analysis.details import baselines
from results.record.finding import find_sweep
from results.record.sweeps import SweepRecord, read_sweep
from results.record.trial.record import TrialRecord

PICTURE = Path(__file__).resolve().parent / "trl.svg"
OTHERS, START, WINNER = "#c0c4cc", "#3b6fb6", "#d1622b"


def curve(record: SweepRecord, trial: TrialRecord) -> list[float]:
    return [float(row[record.metric]) for row in trial.rows]


def draw(search: SweepRecord, confirmed: SweepRecord) -> None:
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "grpo-sweep", "axes.spines.top": False, "axes.spines.right": False}
    from matplotlib import pyplot

    (comparison,) = compare([search, confirmed])
    if comparison.winner is None or comparison.start is None or comparison.winner is comparison.start:
        sys.exit("the confirmed winner is the starting values; there is nothing to compare")
    named = {"starting values": (comparison.start, START), "winner of the search": (comparison.winner, WINNER)}
    of_confirmed = {
        name: [one.trial for one in group.trials if one.sweep is confirmed] for name, (group, _) in named.items()
    }
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
    for trial in search.trials:
        values = curve(search, trial)
        left.plot(range(1, len(values) + 1), values, "o-", color=OTHERS, markersize=2, linewidth=1)
    for name, (group, colour) in named.items():
        for one in group.trials:
            if one.sweep is search:
                values = curve(search, one.trial)
                left.plot(range(1, len(values) + 1), values, "o-", color=colour, markersize=3, label=name)
        seeds = np.array([curve(confirmed, trial) for trial in of_confirmed[name]])  # [seeds, epochs]
        epochs = range(1, seeds.shape[1] + 1)
        right.fill_between(epochs, seeds.min(0), seeds.max(0), color=colour, alpha=0.2, linewidth=0)
        right.plot(epochs, seeds.mean(0), "o-", color=colour, markersize=3, label=f"{name}, {len(seeds)} seeds")
    as_it_came = baselines(search)[0]
    for axes, title in ((left, f"{len(search.trials)} trials of the search"), (right, "confirmed under other seeds")):
        axes.axhline(as_it_came.value, color="black", linestyle=":", linewidth=1, label=as_it_came.name)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("epoch")
        axes.legend(fontsize=8, frameon=False, loc="best")
    left.set_ylabel(comparison.score_name)
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", metavar="SWEEP", help="its name or folder")
    parser.add_argument("confirmed", metavar="CONFIRMED", help="the sweep that confirms it")
    wanted = parser.parse_args()
    draw(read_sweep(find_sweep(wanted.sweep)), read_sweep(find_sweep(wanted.confirmed)))


if __name__ == "__main__":
    main()
