"""The accuracy-latency frontier as a picture: the controller, every fixed configuration, and the oracle."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from trainable.profiles.budget_points import BudgetPoint


def draw_frontier(
    file: Path,
    title: str,
    policy: list[BudgetPoint],
    oracle: list[BudgetPoint],
    fixed_latency_ms: np.ndarray,
    fixed_accuracy: np.ndarray,
) -> None:
    """Write a PNG or an SVG, by the file's ending.

    Args:
        policy, oracle: one entry per budget; each is a point at its mean latency and accuracy.
        fixed_latency_ms, fixed_accuracy: of every configuration, [C]; NaN where never measured.
    """
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")  # without pyplot: no window, no backend to choose
    axes = figure.subplots()
    axes.scatter(fixed_latency_ms, fixed_accuracy, s=18, color="#b0b0b0", label="fixed configurations")
    best = frontier(fixed_latency_ms, fixed_accuracy)
    axes.step(fixed_latency_ms[best], fixed_accuracy[best], where="post", color="#808080", lw=1, label="best of them")
    for entries, label, colour in ((policy, "controller", "#c0392b"), (oracle, "oracle (in hindsight)", "#2471a3")):
        points = sorted((entry.latency_ms, entry.accuracy) for entry in entries)
        axes.plot(*zip(*points, strict=True), marker="o", ms=4, color=colour, label=label)
    axes.set(xlabel="mean latency (ms)", ylabel="accuracy", title=title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=150)


def frontier(latency_ms: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Indices of the configurations that no other beats in both, by rising latency, int64."""
    kept, best = [], -np.inf
    for index in np.lexsort((-accuracy, latency_ms)):
        if accuracy[index] > best:  # False where NaN
            kept.append(index)
            best = accuracy[index]
    return np.array(kept, dtype=np.int64)
