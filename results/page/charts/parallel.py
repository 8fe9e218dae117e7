"""Parallel coordinates: every setting as a line from its hyperparameters to its score, drawn as SVG.

(plotly.js's own need WebGL.) The lines run over one common axis from 0 to 1; each hyperparameter's own axis lies over
it with the range that puts its ticks where the lines are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from optuna.distributions import FloatDistribution

from results.analysis.comparison import Comparison
from results.analysis.hyperparameters import Hyperparameter
from results.listing.formatting import STARTING_VALUES, metric_name, shown_value
from results.page.charts.chart import AXIS, INK, MUTED, SCALE, START, WINNER, Chart, Trace, apart, label
from results.page.charts.settings import BEST, ScoredSetting, axis_type
from results.record.space import ends

PADDING = 0.04
"""Beyond the outermost values, as a share of what they span."""
SPECIAL = {STARTING_VALUES: START, BEST: WINNER}


def parallel_chart(
    comparison: Comparison, settings: Sequence[ScoredSetting], varied: Sequence[Hyperparameter]
) -> Chart:
    """The best on top; the stronger its colour, the better a setting."""
    mode, score_name = comparison.mode, metric_name(comparison.metric)
    scores = [setting.score for setting in settings]
    dimensions = [
        *varied,
        Hyperparameter(score_name, dict(enumerate(scores)), FloatDistribution(min(scores), max(scores))),
    ]
    ranges = [_range(one) for one in dimensions]
    if mode == "min":
        ranges[-1].reverse()
    heights = [_heights(one, span) for one, span in zip(dimensions, ranges, strict=True)]
    by_step: dict[int, list[int]] = {}
    for index, setting in enumerate(settings):
        if setting.kind not in SPECIAL:
            by_step.setdefault(_step(setting.score, scores, mode), []).append(index)
    lines = [_lines(settings, indices, dimensions, heights) | _look(SCALE[s]) for s, indices in sorted(by_step.items())]
    lines += [
        _lines(settings, [index], dimensions, heights) | _look(SPECIAL[setting.kind], setting.kind)
        for index, setting in enumerate(settings)
        if setting.kind in SPECIAL
    ]
    last = len(varied)
    margin = 0.02 * last
    return Chart(
        name="parallel",
        title="Every setting",
        reading=f"A line is a setting, from its hyperparameters on the left to its {score_name} on the right: "
        "the stronger its colour, the better. Where strong lines meet on an axis lies what works.",
        traces=[*lines, *(_nothing_on(f"y{index + 2}") for index in range(len(dimensions)))],
        layout={
            "xaxis": {
                "tickvals": list(range(last + 1)),
                "ticktext": [f"<b>{_broken(one.name)}</b>" for one in dimensions],
                "side": "top",
                "range": [-margin, last + margin],
                "showgrid": False,
                "fixedrange": True,
                "tickfont": {"color": INK},
            },
            "yaxis": {"range": [0, 1], "visible": False, "fixedrange": True},
            "legend": {"y": -0.02, "yanchor": "top"},
            "margin": {"l": 54, "r": 40, "t": 48, "b": 36},
        }
        | {
            f"yaxis{index + 2}": {
                **AXIS,
                **axis_type(one),
                "categoryarray": [label(choice) for choice in ends(one.distribution)] if one.is_choice else None,
                "range": span,
                "overlaying": "y",
                "anchor": "free",
                "position": (index + margin) / (last + 2 * margin),
                "showgrid": False,
                "linecolor": MUTED,
                "fixedrange": True,
                "automargin": False,
                "tickfont": {"size": 11, "color": INK},
                "tickmode": "auto",
            }
            for index, (one, span) in enumerate(zip(dimensions, ranges, strict=True))
        },
        height=460,
        is_wide=True,
        highlight="lines",
    )


def _nothing_on(yaxis: str) -> Trace:
    """plotly.js draws the axes that a trace has."""
    return {"x": [None], "y": [None], "yaxis": yaxis, "showlegend": False}


def _coordinates(one: Hyperparameter, values: Iterable[Any]) -> list[float]:
    """Where plotly.js has values on an axis: a choice's index, the exponent on a log scale, the number."""
    if one.is_choice:
        return [float(ends(one.distribution).index(value)) for value in values]
    return [math.log10(value) if one.is_log else value for value in values]


def _range(one: Hyperparameter) -> list[float]:
    """What the axis shows, in its coordinates."""
    coordinates = _coordinates(one, ends(one.distribution))
    low, high = coordinates[0], coordinates[-1]
    beyond = 0.5 if one.is_choice or low == high else PADDING * (high - low)
    return [low - beyond, high + beyond]


def _heights(one: Hyperparameter, span: Sequence[float]) -> dict[int, float]:
    start, end = span
    coordinates = _coordinates(one, one.values.values())
    return {index: (value - start) / (end - start) for index, value in zip(one.values, coordinates, strict=True)}


def _lines(
    settings: Sequence[ScoredSetting],
    indices: Sequence[int],
    dimensions: Sequence[Hyperparameter],
    heights: Sequence[Mapping[int, float]],
) -> Trace:
    """One trace of the settings at these indices; a line leaves out what its setting does not have."""
    there = [[x for x, one in enumerate(dimensions) if index in one.values] for index in indices]
    lines = list(zip(indices, there, strict=True))
    text = [[label(f"{dimensions[x].name} {shown_value(dimensions[x].values[i])}") for x in line] for i, line in lines]
    return {
        "mode": "lines",
        "x": apart(there),
        "y": apart([[heights[x][index] for x in line] for index, line in lines]),
        "text": apart(text),
        "customdata": apart([[settings[index].trial] * len(line) for index, line in lines]),
        "hovertemplate": "trial %{customdata}: %{text}<extra></extra>",
    }


def _look(colour: str, name: str = "") -> Trace:
    """Strong and in the legend where it has a name."""
    return {"line": {"color": colour, "width": 3.5 if name else 1.5}, "name": name, "showlegend": bool(name)}


def _step(score: float, scores: Sequence[float], mode: str) -> int:
    """Which of the scale's steps a score has: the last is the best."""
    low, high = min(scores), max(scores)
    share = (score - low) / (high - low) if high > low else 1.0
    return round((share if mode == "max" else 1.0 - share) * (len(SCALE) - 1))


def _broken(name: str) -> str:
    """Into lines, since there is little room on a phone."""
    return label(name).replace("_", "_<br>").replace(" ", "<br>")
