"""Parallel coordinates: every setting as a line from its hyperparameters to its score, drawn as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.analysis.hyperparameters import Hyperparameter
from results.listing.formatting import STARTING_VALUES, shown_value
from results.page.charts.chart import (
    INK,
    MUTED,
    SCALE,
    START,
    WINNER,
    Chart,
    Trace,
    apart,
    even_ticks,
    label,
    log_ticks,
    number,
    tick_text,
)
from results.page.charts.scored_settings import ScoredSettings

LEAST_APART = 0.09
"""Of two ticks on an axis of the parallel coordinates, as a share of its height."""


@dataclass(frozen=True)
class _UpAxis:
    """One vertical axis of the parallel coordinates: where a value lies on it, 0 to 1, and its ticks."""

    name: str
    places: dict[int, float]
    shown: dict[int, str]
    ticks: tuple[tuple[float, str], ...]


def parallel_chart(settings: ScoredSettings) -> Chart:
    """The best on top; the stronger its colour, the better a setting."""
    axes = [*(_up_axis(hyperparameter) for hyperparameter in settings.varied), _score_axis(settings)]
    scores = settings.scores
    bins: dict[int, list[int]] = {}
    for place, score in enumerate(scores):
        bins.setdefault(_step_of(score, scores, settings.findings.comparison.mode), []).append(place)
    special = {id(settings.findings.winner): WINNER, id(settings.findings.start): START}
    strong = [place for place, group in enumerate(settings.groups) if id(group) in special]
    traces = [
        _polylines([p for p in bins[step] if p not in strong], settings, axes, SCALE[step], 1.5)
        for step in sorted(bins)
        if set(bins[step]) - set(strong)
    ]
    for place in strong:
        of_winner = settings.groups[place] is settings.findings.winner
        trace = _polylines([place], settings, axes, special[id(settings.groups[place])], 3.5)
        traces.append({**trace, "showlegend": True, "name": "winner" if of_winner else STARTING_VALUES})
    return Chart(
        name="parallel",
        title="Every setting",
        reading=f"A line is a setting, from its hyperparameters on the left to its {settings.score_name} on the right: "
        "the stronger its colour, the better. Where strong lines meet on an axis lies what works.",
        traces=traces,
        layout={
            "xaxis": {
                "tickvals": list(range(len(axes))),
                "showticklabels": False,
                "range": [-0.02, len(axes) - 0.98],
                "gridcolor": MUTED,
                "linecolor": "--surface",
                "fixedrange": True,
            },
            "yaxis": {"range": [-0.04, 1.04], "visible": False, "fixedrange": True},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top"},
            "annotations": _annotations(axes),
            "margin": {"l": 60, "r": 76, "t": 44, "b": 36},
        },
        height=460,
        narrow={"annotations": _annotations(axes, broken=True), "margin": {"l": 54, "r": 34, "t": 60}},
        is_wide=True,
        highlight="lines",
    )


def _annotations(axes: Sequence[_UpAxis], broken: bool = False) -> list[Trace]:
    """Each axis's name above it, broken into lines where there is little room, and its ticks on its left."""
    names = [
        {"x": x, "y": 1.04, "yanchor": "bottom", "showarrow": False}
        | {"text": f"<b>{_in_lines(one.name) if broken else label(one.name)}</b>"}
        | {"font": {"size": 12 if broken else 13, "color": INK}}
        for x, one in enumerate(axes)
    ]
    ticks = [
        {"x": x, "y": y, "xanchor": "right", "xshift": -5, "showarrow": False, "bgcolor": "--veil", "borderpad": 1}
        | {"text": label(text), "font": {"size": 11, "color": INK}}
        for x, one in enumerate(axes)
        for y, text in one.ticks
    ]
    return names + ticks


def _in_lines(name: str) -> str:
    return label(name).replace("_", "_<br>").replace(" ", "<br>")


def _polylines(
    places: Sequence[int], settings: ScoredSettings, axes: Sequence[_UpAxis], colour: str, width: float
) -> Trace:
    there = [[(x, one) for x, one in enumerate(axes) if place in one.places] for place in places]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": apart([[x for x, _ in line] for line in there]),
        "y": apart([[number(one.places[p]) for _, one in line] for p, line in zip(places, there, strict=True)]),
        "text": apart(
            [[label(f"{one.name} {one.shown[p]}") for _, one in line] for p, line in zip(places, there, strict=True)]
        ),
        "customdata": apart([[settings.trial(p)] * len(line) for p, line in zip(places, there, strict=True)]),
        "line": {"color": colour, "width": width},
        "showlegend": False,
        "hovertemplate": "trial %{customdata}: %{text}<extra></extra>",
    }


def _up_axis(hyperparameter: Hyperparameter) -> _UpAxis:
    values = hyperparameter.values
    shown = {place: shown_value(value) for place, value in values.items()}
    if hyperparameter.kind is str:
        labels = sorted(set(values.values()))
        positions = {text: (place + 0.5) / len(labels) for place, text in enumerate(labels)}
        return _UpAxis(
            hyperparameter.name,
            {place: positions[value] for place, value in values.items()},
            shown,
            tuple((positions[text], text) for text in labels),
        )
    return _numeric_axis(hyperparameter.name, values, hyperparameter.log, shown)


def _score_axis(settings: ScoredSettings) -> _UpAxis:
    """The best score on top, whatever the metric's mode."""
    scores = dict(enumerate(settings.scores))
    axis_of_scores = _numeric_axis(settings.score_name, scores, False, {p: f"{v:.3f}" for p, v in scores.items()})
    if settings.findings.comparison.mode == "max":
        return axis_of_scores
    return _UpAxis(
        axis_of_scores.name,
        {place: 1.0 - height for place, height in axis_of_scores.places.items()},
        axis_of_scores.shown,
        tuple((1.0 - height, text) for height, text in axis_of_scores.ticks),
    )


def _numeric_axis(name: str, values: Mapping[int, float], log: bool, shown: dict[int, str]) -> _UpAxis:
    low, high = min(values.values()), max(values.values())

    def height(value: float) -> float:
        if low == high:
            return 0.5
        if log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    inner = [] if low == high else log_ticks(low, high) if log else even_ticks(low, high)
    ends = [(height(low), tick_text(low)), (height(high), tick_text(high))]
    between = [(height(tick), tick_text(tick)) for tick in inner if LEAST_APART < height(tick) < 1 - LEAST_APART]
    return _UpAxis(name, {p: height(v) for p, v in values.items()}, shown, tuple(dict.fromkeys(ends + between)))


def _step_of(score: float, scores: Sequence[float], mode: str) -> int:
    """Which of the scale's steps a score has: the last is the best."""
    low, high = min(scores), max(scores)
    share = (score - low) / (high - low) if high > low else 1.0
    return round((share if mode == "max" else 1.0 - share) * (len(SCALE) - 1))
