"""Mean regret over the epochs of a search, with 95 % bootstrap intervals: one panel a space."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np

from search.methods import OURS, STOCK, WITHOUT_PRIOR, YESTERDAY
from search.tables import MILLI, ByMethod, interval, traces

SHOWN = {
    "random + ASHA": "#c0c4cc",
    STOCK: "#3b6fb6",
    YESTERDAY: "#7b5ea7",
    WITHOUT_PRIOR: "#e0a458",
    OURS: "#d1622b",
}
FIRST_EPOCH, EVERY = 15, 15
HIGHEST = 45.0
"""Of the scale: what the first trials are off says nothing about a search."""


def draw(panels: Mapping[str, ByMethod], file: Path) -> None:
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "grpo-sweep", "axes.spines.top": False, "axes.spines.right": False}
    from matplotlib import pyplot

    figure, columns = pyplot.subplots(1, len(panels), figsize=(4.5 * len(panels), 3.6), layout="constrained")
    for axes, (title, methods) in zip(np.atleast_1d(columns), panels.items(), strict=True):
        for name, colour in SHOWN.items():
            if name not in methods:
                continue
            regret = MILLI * traces(methods[name])  # [searches, epochs]
            epochs = np.arange(FIRST_EPOCH, regret.shape[1] + 1, EVERY)
            at = regret[:, epochs - 1]
            low, high = np.array([interval(column) for column in at.T]).T
            axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(epochs, at.mean(0), color=colour, label=name)
        axes.set_ylim(0, min(HIGHEST, axes.get_ylim()[1]))
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("epochs of all trials together")
        axes.legend(fontsize=8, frameon=False)
    np.atleast_1d(columns)[0].set_ylabel("regret of the chosen setting, x1000")
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
