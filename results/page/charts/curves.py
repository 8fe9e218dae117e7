"""The learning curves: every trial faint, the winner and the starting values strong."""

import statistics
from collections.abc import Sequence

from results.analysis.findings import Findings
from results.analysis.seed_groups import JudgedTrial, SeedGroup
from results.listing.formatting import STARTING_VALUES, counted, metric_name
from results.page.charts.chart import (
    BASELINES,
    FAINT,
    LEGEND_ABOVE,
    START,
    WINNER,
    Chart,
    Table,
    Trace,
    apart,
    axis,
    label,
    number,
)
from trainable import contract
from trainable.contract import TrialStatus


def curve_charts(findings: Findings) -> list[Chart]:
    """One chart; none where no trial has an epoch with a number."""
    comparison = findings.comparison
    trials = [trial for group in comparison.groups for trial in group.trials if trial.score is not None]
    if not trials or findings.winner is None:
        return []
    of_winner = _scored(findings.winner)
    of_start = _scored(findings.start) if findings.start and findings.start is not findings.winner else []
    special = {id(trial) for trial in (*of_winner, *of_start)}
    others = [trial for trial in trials if id(trial) not in special]
    traces = [_curves(others, "other trials", FAINT, 1.2)] if others else []
    traces += [_curves(of_start, STARTING_VALUES, START, 2.4)] if of_start else []
    traces += [_curves(of_winner, "winner", WINNER, 3.0), _peaks(of_winner)]
    name, longest = metric_name(comparison.metric), max(len(trial.trial.rows) for trial in trials)
    baselines = _baselines_among(findings, trials)
    return [
        Chart(
            name="curves",
            title="Learning curves",
            reading=_reading(trials, of_winner),
            traces=traces,
            layout={
                "xaxis": axis("epoch", range=[0.5, longest + 0.5], **({"dtick": 1} if longest <= 12 else {})),
                "yaxis": axis(name),
                "legend": LEGEND_ABOVE,
                "shapes": [_baseline_line(score, colour) for _, score, colour in baselines],
                "annotations": _baseline_names(baselines, "left"),
                "margin": {"r": 96 if baselines else 14},
            },
            table=_table(trials, of_winner, of_start),
            height=440,
            narrow={"height": 380, "annotations": _baseline_names(baselines, "right"), "margin": {"r": 14}},
            is_wide=True,
            highlight="lines",
        )
    ]


def _scored(group: SeedGroup) -> list[JudgedTrial]:
    return [trial for trial in group.trials if trial.score is not None]


def _value(trial: JudgedTrial, epoch: int) -> float | None:
    rows = trial.trial.rows
    return number(rows[epoch - 1].get(trial.sweep.metric)) if epoch <= len(rows) else None


def _curves(trials: Sequence[JudgedTrial], name: str, colour: str, width: float) -> Trace:
    epochs = [[row[contract.EPOCH] for row in trial.trial.rows] for trial in trials]
    return {
        "type": "scatter",
        "mode": "lines+markers" if max(map(len, epochs)) == 1 else "lines",
        "name": f"{name} ({len(trials)})" if len(trials) > 1 else name,
        "x": apart(epochs),
        "y": apart([[number(row.get(trial.sweep.metric)) for row in trial.trial.rows] for trial in trials]),
        "customdata": apart([[trial.trial.number] * len(trial.trial.rows) for trial in trials]),
        "line": {"color": colour, "width": width},
        "marker": {"color": colour},
        "hovertemplate": "trial %{customdata}, epoch %{x}: %{y:.3f}<extra></extra>",
    }


def _peaks(trials: Sequence[JudgedTrial]) -> Trace:
    """Where the score was reached, which is the policy that is kept."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "best epoch",
        "showlegend": False,
        "x": [trial.best[contract.EPOCH] for trial in trials if trial.best],
        "y": [number(trial.score) for trial in trials],
        "customdata": [trial.trial.number for trial in trials],
        "marker": {"color": WINNER, "size": 10, "line": {"color": "--surface", "width": 2}},
        "hovertemplate": "trial %{customdata}, best at epoch %{x}: %{y:.3f}<extra></extra>",
    }


Baseline = tuple[str, float, str]
"""Name, score and colour."""


def _baselines_among(findings: Findings, trials: Sequence[JudgedTrial]) -> list[Baseline]:
    """Those that lie among the curves, best first."""
    epochs = ((trial, epoch) for trial in trials for epoch in range(1, len(trial.trial.rows) + 1))
    values = [value for trial, epoch in epochs if (value := _value(trial, epoch)) is not None]
    return [
        (baseline.name, baseline.score, BASELINES[min(place, len(BASELINES) - 1)])
        for place, baseline in enumerate(reversed(findings.baselines))
        if min(values) < baseline.score < max(values)
    ]


def _baseline_line(score: float, colour: str) -> Trace:
    line = {"color": colour, "width": 1.2, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": score, "y1": score, "layer": "below", "line": line}


def _baseline_names(baselines: Sequence[Baseline], end: str) -> list[Trace]:
    """At the right end of the lines: beyond it ('left' end of the text there), or within it."""
    return [
        {"xref": "paper", "x": 1, "xanchor": end, "y": score, "yanchor": "top" if place else "bottom"}
        | {
            "text": label(name),
            "showarrow": False,
            "font": {"color": colour, "size": 12},
            "xshift": 4 * (end == "left"),
        }
        for place, (name, score, colour) in enumerate(baselines)
    ]


def _reading(trials: Sequence[JudgedTrial], of_winner: Sequence[JudgedTrial]) -> str:
    told = []
    if len(of_winner) == 1 and of_winner[0].best:
        epoch, epochs = of_winner[0].best[contract.EPOCH], len(of_winner[0].trial.rows)
        after = " and does not get better after it" if epoch < epochs else ", its last"
        told.append(f"The winner is best at epoch {epoch}{after}.")
    elif of_winner:
        epochs_of_best = [trial.best[contract.EPOCH] for trial in of_winner if trial.best]
        told.append(
            f"Under its seeds the winner is best between epochs {min(epochs_of_best)} and {max(epochs_of_best)}."
        )
    stopped = sum(trial.status is TrialStatus.STOPPED_EARLY for trial in trials)
    if stopped:
        told.append(
            f"A line that ends early is one of the {counted(stopped, 'trial')} that fell behind and was stopped."
        )
    return " ".join(told)


def _table(
    trials: Sequence[JudgedTrial],
    of_winner: Sequence[JudgedTrial],
    of_start: Sequence[JudgedTrial],
) -> Table:
    """By epoch: the two that matter, and the middle of all trials that got there."""
    rows = []
    for epoch in range(1, max(len(trial.trial.rows) for trial in trials) + 1):
        of_all = _values(trials, epoch)
        cells = [_values(of_winner, epoch), _values(of_start, epoch)] if of_start else [_values(of_winner, epoch)]
        shown = [f"{statistics.fmean(cell):.3f}" if cell else "-" for cell in cells]
        middle = f"{statistics.median(of_all):.3f}" if of_all else "-"
        rows.append((str(epoch), *shown, middle, f"{len(of_all):,}"))
    names = ("winner", STARTING_VALUES) if of_start else ("winner",)
    return Table(("epoch", *names, "median of all", "trials"), tuple(rows))


def _values(trials: Sequence[JudgedTrial], epoch: int) -> list[float]:
    return [value for trial in trials if (value := _value(trial, epoch)) is not None]
