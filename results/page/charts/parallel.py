"""Parallel coordinates: every setting as a line from its hyperparameters to its score, drawn as SVG.

(plotly.js's own need WebGL.) The lines run over one common axis from 0 to 1; each hyperparameter's own axis lies over
it with the range that puts its ticks where the lines are.
"""

import math
from collections.abc import Sequence
from typing import Any

from optuna.distributions import FloatDistribution

from results.analysis.comparison import Comparison
from results.analysis.hyperparameters import Hyperparameter
from results.listing.formatting import STARTING_VALUES, shown_value
from results.page.charts.chart import SCALE, Chart, Colour, Trace, apart, label
from results.page.charts.settings import BEST, ScoredSetting, axis_type
from results.record.space import ends

PADDING = 0.04
"""Beyond the outermost values, as a share of what they span."""
SPECIAL = {STARTING_VALUES: Colour.START, BEST: Colour.WINNER}

_Corner = tuple[int, float, int, str]
"""Of a line: the axis, the height on it from 0 to 1, the trial, and what is there."""


def parallel_chart(
    comparison: Comparison, settings: Sequence[ScoredSetting], varied: Sequence[Hyperparameter]
) -> Chart:
    """The best on top; the stronger its colour, the better a setting."""
    score_name, scores = comparison.score_name, [setting.score for setting in settings]
    span = FloatDistribution(min(scores), max(scores))
    dimensions = [*varied, Hyperparameter(score_name, dict(enumerate(scores)), span)]
    ranges = [_range(one) for one in dimensions]
    if comparison.mode == "min":
        ranges[-1].reverse()
    lines: list[list[_Corner]] = [[] for _ in settings]
    for x, (one, (start, end)) in enumerate(zip(dimensions, ranges, strict=True)):
        for index, value in one.values.items():
            text = label(f"{one.name} {shown_value(value)}")
            lines[index].append((x, (_coordinate(one, value) - start) / (end - start), settings[index].trial, text))
    by_colour: dict[str, list[list[_Corner]]] = {colour: [] for colour in (*SCALE, *SPECIAL.values())}
    for index, (setting, line) in enumerate(zip(settings, lines, strict=True)):
        by_colour[SPECIAL.get(setting.kind, SCALE[index * len(SCALE) // len(settings)])].append(line)
    last = len(varied)
    margin = 0.02 * last
    return Chart(
        name="parallel",
        title="Every setting",
        reading=f"A line is a setting, from its hyperparameters on the left to its {score_name} on the right: "
        "the stronger its colour, the better. Where strong lines meet on an axis lies what works.",
        traces=[
            *(_trace(colour, together) for colour, together in by_colour.items() if together),
            *(_nothing_on(f"y{index + 2}") for index in range(len(dimensions))),
        ],
        layout={
            "xaxis": {
                "tickvals": list(range(last + 1)),
                "ticktext": [f"<b>{_broken(one.name)}</b>" for one in dimensions],
                "side": "top",
                "range": [-margin, last + margin],
                "showgrid": False,
                "fixedrange": True,
                "tickfont": {"color": Colour.INK},
            },
            "yaxis": {"range": [0, 1], "visible": False, "fixedrange": True},
            "legend": {"y": -0.02, "yanchor": "top"},
            "margin": {"l": 54, "r": 40, "t": 48, "b": 36},
        }
        | {
            f"yaxis{index + 2}": {
                **axis_type(one),
                "categoryarray": [label(choice) for choice in ends(one.distribution)] if one.is_choice else None,
                "range": span,
                "overlaying": "y",
                "anchor": "free",
                "position": (index + margin) / (last + 2 * margin),
                "showgrid": False,
                "linecolor": Colour.MUTED,
                "fixedrange": True,
                "automargin": False,
                "tickfont": {"size": 11, "color": Colour.INK},
                "tickmode": "auto",
            }
            for index, (one, span) in enumerate(zip(dimensions, ranges, strict=True))
        },
        height=460,
        is_wide=True,
        highlight="lines",
    )


def _trace(colour: str, lines: Sequence[Sequence[_Corner]]) -> Trace:
    """Strong and in the legend where it is special."""
    name = next((kind for kind, special in SPECIAL.items() if special == colour), "")
    x, y, trials, texts = (apart([[corner[part] for corner in line] for line in lines]) for part in range(4))
    return {
        "mode": "lines",
        "x": x,
        "y": y,
        "customdata": trials,
        "text": texts,
        "line": {"color": colour, "width": 3.5 if name else 1.5},
        "name": name,
        "showlegend": bool(name),
        "hovertemplate": "trial %{customdata}: %{text}<extra></extra>",
    }


def _nothing_on(yaxis: str) -> Trace:
    """plotly.js draws the axes that a trace has."""
    return {"x": [None], "y": [None], "yaxis": yaxis, "showlegend": False}


def _coordinate(one: Hyperparameter, value: Any) -> float:
    """Where plotly.js has a value on its axis: a choice's index, the exponent on a log scale, the number."""
    if one.is_choice:
        return float(ends(one.distribution).index(value))
    return math.log10(value) if one.is_log else float(value)


def _range(one: Hyperparameter) -> list[float]:
    """What the axis shows, in its coordinates."""
    first, *_, last = ends(one.distribution)
    low, high = _coordinate(one, first), _coordinate(one, last)
    beyond = 0.5 if one.is_choice else PADDING * (high - low) or max(0.5, PADDING * abs(high))
    return [low - beyond, high + beyond]


def _broken(name: str) -> str:
    """Into lines, since there is little room on a phone."""
    return label(name).replace("_", "_<br>").replace(" ", "<br>")
