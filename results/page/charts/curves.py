"""The learning curves: every trial faint, those that the winner's and the starting values' scores are of strong."""

import math
import statistics
from collections.abc import Callable, Sequence

from results.analysis.comparison import Comparison
from results.analysis.seed_groups import JudgedTrial
from results.listing.formatting import STARTING_VALUES, counted
from results.page.charts.chart import Chart, Colour, Numbers, Trace, apart, axis, baseline_colour, label
from results.page.charts.thinning import MOST_CURVES, thinned, thinned_words
from trainable import contract
from trainable.contract import TrialStatus

FEW_EPOCHS = 12
"""As many have a tick each."""


def curve_charts(comparison: Comparison) -> list[Chart]:
    """One chart; none where no trial has an epoch with a number."""
    trials = [trial for group in comparison.groups for trial in group.trials if trial.score is not None]
    if comparison.winner is None:
        return []
    of_winner = comparison.winner.counted
    of_start = comparison.start.counted if comparison.start and comparison.start is not comparison.winner else ()
    special = {id(trial) for trial in (*of_winner, *of_start)}
    others = thinned([trial for trial in trials if id(trial) not in special], MOST_CURVES)
    longest = max(len(trial.trial.rows) for trial in trials)
    traces = [_curves(others, "other trials", Colour.FAINT, 1.2)] if others else []
    traces += _baselines_among(comparison, trials, longest)
    traces += [_curves(of_start, STARTING_VALUES, Colour.START, 2.4)] if of_start else []
    traces += [_curves(of_winner, "winner", Colour.WINNER, 3.0), _peaks(of_winner)]
    return [
        Chart(
            name="curves",
            title="Learning curves",
            reading=_reading(trials, of_winner)
            + thinned_words(len(trials) - len(special), MOST_CURVES, "other trials"),
            traces=traces,
            layout={
                "xaxis": axis("epoch", range=[0.5, longest + 0.5], dtick=1 if longest <= FEW_EPOCHS else None),
                "yaxis": axis(comparison.score_name),
            },
            numbers=_numbers(trials, of_winner, of_start, longest),
            height=440,
            is_wide=True,
            highlight="lines",
        )
    ]


def _values(trials: Sequence[JudgedTrial], epoch: int) -> list[float]:
    """The objective of those that got there and have a number."""
    there = [trial for trial in trials if epoch <= len(trial.trial.rows)]
    values = [trial.trial.rows[epoch - 1].get(trial.sweep.metric, math.nan) for trial in there]
    return [value for value in values if math.isfinite(value)]


def _curves(trials: Sequence[JudgedTrial], name: str, colour: str, width: float) -> Trace:
    epochs = [[row[contract.EPOCH] for row in trial.trial.rows] for trial in trials]
    return {
        "mode": "lines+markers" if max(map(len, epochs)) == 1 else "lines",
        "name": f"{name} ({len(trials)})" if len(trials) > 1 else name,
        "x": apart(epochs),
        "y": apart([[row.get(trial.sweep.metric) for row in trial.trial.rows] for trial in trials]),
        "customdata": apart([[trial.trial.number] * len(trial.trial.rows) for trial in trials]),
        "line": {"color": colour, "width": width},
        "marker": {"color": colour},
        "hovertemplate": "trial %{customdata}, epoch %{x}: %{y:.3f}<extra></extra>",
    }


def _peaks(trials: Sequence[JudgedTrial]) -> Trace:
    """Where the score was reached, which is the checkpoint that counts."""
    return {
        "mode": "markers",
        "showlegend": False,
        "x": [trial.best[contract.EPOCH] for trial in trials if trial.best],
        "y": [trial.score for trial in trials],
        "customdata": [trial.trial.number for trial in trials],
        "marker": {"color": Colour.WINNER, "size": 10, "line": {"color": Colour.SURFACE, "width": 2}},
        "hovertemplate": "trial %{customdata}, best at epoch %{x}: %{y:.3f}<extra></extra>",
    }


def _baselines_among(comparison: Comparison, trials: Sequence[JudgedTrial], longest: int) -> list[Trace]:
    """Lines for those that lie among the curves, the best first."""
    values = [value for epoch in range(1, longest + 1) for value in _values(trials, epoch)]
    return [
        {
            "mode": "lines",
            "name": label(baseline.name),
            "x": [0.5, longest + 0.5],
            "y": [baseline.value] * 2,
            "line": {"color": baseline_colour(index), "width": 1.6, "dash": "dot"},
            "hovertemplate": f"{label(baseline.name)}: %{{y:.3f}}<extra></extra>",
        }
        for index, baseline in enumerate(over.baseline for over in reversed(comparison.baseline_gains))
        if min(values) < baseline.value < max(values)
    ]


def _reading(trials: Sequence[JudgedTrial], of_winner: Sequence[JudgedTrial]) -> str:
    sentences = []
    best_epochs = [trial.best[contract.EPOCH] for trial in of_winner if trial.best]
    if len(of_winner) == 1:
        after = " and does not get better after it" if best_epochs[0] < len(of_winner[0].trial.rows) else ", its last"
        sentences.append(f"The winner is best at epoch {best_epochs[0]}{after}.")
    else:
        span = f"between epochs {min(best_epochs)} and {max(best_epochs)}"
        sentences.append(f"Under its seeds the winner is best {span}.")
    for status, became in ((TrialStatus.STOPPED_EARLY, "was stopped"), (TrialStatus.PAUSED, "was paused")):
        if behind := sum(trial.status is status for trial in trials):
            who = counted(behind, "trial")
            sentences.append(f"A line that ends early is one of the {who} that fell behind and {became}.")
    return " ".join(sentences)


def _numbers(
    trials: Sequence[JudgedTrial], of_winner: Sequence[JudgedTrial], of_start: Sequence[JudgedTrial], longest: int
) -> Numbers:
    """By epoch: the two that matter, and the middle of all trials that got there."""
    columns = {"winner": of_winner} | ({STARTING_VALUES: of_start} if of_start else {})
    rows = [["epoch", *columns, "median of all", "trials"]]
    for epoch in range(1, longest + 1):
        means = [_shown(statistics.fmean, _values(of_column, epoch)) for of_column in columns.values()]
        of_all = _values(trials, epoch)
        rows.append([str(epoch), *means, _shown(statistics.median, of_all), f"{len(of_all):,}"])
    return rows


def _shown(middle: Callable[[Sequence[float]], float], values: Sequence[float]) -> str:
    return f"{middle(values):.3f}" if values else "-"
