"""Slices through the space: the score against each hyperparameter, and the plane of two."""

from collections.abc import Sequence

from results.analysis.hyperparameters import Hyperparameter
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import STARTING_VALUES, shown_value
from results.page.charts.chart import (
    ACCENT,
    LEGEND_ABOVE,
    MUTED,
    SCALE,
    START,
    WINNER,
    Chart,
    Trace,
    axis,
    label,
    log_axis,
    number,
    padded_range,
)
from results.page.charts.scored_settings import ScoredSettings
from trainable.contract import TrialStatus


def slice_charts(settings: ScoredSettings) -> list[Chart]:
    """The plane of two hyperparameters, then the score against each."""
    return [*_plane(settings), *(_slice(settings, one, place) for place, one in enumerate(settings.varied))]


def _plane(settings: ScoredSettings) -> list[Chart]:
    """Two hyperparameters at a time: the first two that are continuous, else the first two numbers."""
    numbers = [hyperparameter for hyperparameter in settings.varied if hyperparameter.kind is not str]
    numbers.sort(key=lambda hyperparameter: hyperparameter.kind is int)  # stable: continuous ones first
    if len(numbers) < 2:
        return []
    across, up = numbers[:2]
    places = [place for place in range(len(settings.groups)) if place in across.values and place in up.values]
    scores = settings.scores
    scale = SCALE if settings.findings.comparison.mode == "max" else SCALE[::-1]
    bar: Trace = {
        "orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right", "len": 170, "lenmode": "pixels",
        "thickness": 10, "outlinewidth": 0, "nticks": 4,
        "title": {"text": label(settings.score_name), "side": "top", "font": {"size": 12}},
    }  # fmt: skip
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [number(across.values[place]) for place in places],
        "y": [number(up.values[place]) for place in places],
        "customdata": [settings.trial(place) for place in places],
        "text": [f"{scores[place]:.3f}" for place in places],
        "marker": {
            "size": 13 if len(places) <= 200 else 7,
            "color": [number(scores[place]) for place in places],
            "colorscale": [[step / (len(scale) - 1), colour] for step, colour in enumerate(scale)],
            "line": {"color": "--surface", "width": 1},
            "colorbar": bar,
        },
        "showlegend": False,
        "hovertemplate": "trial %{customdata}: %{text}<br>"
        f"{label(across.name)} %{{x:.3~g}}, {label(up.name)} %{{y:.3~g}}<extra></extra>",
    }
    return [
        Chart(
            name="plane",
            title=f"{across.name} and {up.name}",
            reading="A dot is a setting, the stronger its colour the better; winner and starting values have a ring.",
            traces=[dots, *_rings(settings, across, up)],
            layout={
                "xaxis": _value_axis(across),
                "yaxis": _value_axis(up),
                "legend": LEGEND_ABOVE,
            },
            height=440,
            narrow={"legend": {**LEGEND_ABOVE, "y": -0.2, "yanchor": "top"}, "margin": {"b": 88}},
            is_wide=True,
            highlight="markers",
        )
    ]


def _rings(settings: ScoredSettings, across: Hyperparameter, up: Hyperparameter) -> list[Trace]:
    colours = {STARTING_VALUES: START, "winner": WINNER}
    kinds = [(place, _kind(settings, group)) for place, group in enumerate(settings.groups)]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": kind,
            "x": [number(across.values[place])],
            "y": [number(up.values[place])],
            "marker": {"symbol": "circle-open", "size": 21, "color": colours[kind], "line": {"width": 3}},
            "hoverinfo": "skip",
        }
        for place, kind in kinds
        if kind in colours and place in across.values and place in up.values
    ]


def _slice(settings: ScoredSettings, hyperparameter: Hyperparameter, place_of_slice: int) -> Chart:
    """The score against one hyperparameter: whoever ran all epochs is filled."""
    kinds: dict[str, list[int]] = {}
    for place in hyperparameter.values:
        kinds.setdefault(_kind(settings, settings.groups[place]), []).append(place)
    return Chart(
        name=f"slice-{place_of_slice}",
        title=f"{settings.score_name} by {hyperparameter.name}".capitalize(),
        reading="",
        traces=[_dots(settings, hyperparameter, kinds[kind], kind) for kind in _MARKERS if kind in kinds],
        layout={
            "xaxis": _value_axis(hyperparameter),
            "yaxis": axis(settings.score_name),
            "showlegend": False,
        },
        height=320,
        highlight="markers",
    )


RAN_IN_FULL, ENDED_EARLY = "all epochs", "fewer epochs"

_MARKERS: dict[str, dict[str, object]] = {
    ENDED_EARLY: {"symbol": "circle-open", "size": 9, "color": MUTED, "line": {"width": 1.6}},
    RAN_IN_FULL: {"symbol": "circle", "size": 9, "color": ACCENT},
    STARTING_VALUES: {"symbol": "diamond", "size": 13, "color": START},
    "winner": {"symbol": "star", "size": 17, "color": WINNER},
}
"""In the order in which they are drawn."""


def _kind(settings: ScoredSettings, group: SeedGroup) -> str:
    if group is settings.findings.winner:
        return "winner"
    if group is settings.findings.start:
        return STARTING_VALUES
    return RAN_IN_FULL if group.counted[0].status is TrialStatus.COMPLETED else ENDED_EARLY


def _dots(settings: ScoredSettings, hyperparameter: Hyperparameter, places: Sequence[int], kind: str) -> Trace:
    scores = settings.scores
    values = [hyperparameter.values[place] for place in places]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": kind,
        "x": [label(value) for value in values] if hyperparameter.kind is str else [number(value) for value in values],
        "y": [number(scores[place]) for place in places],
        "customdata": [settings.trial(place) for place in places],
        "text": [label(shown_value(value)) for value in values],
        "marker": _MARKERS[kind],
        "hovertemplate": f"trial %{{customdata}}: %{{y:.3f}}<br>{label(hyperparameter.name)} %{{text}}<extra></extra>",
    }


def _value_axis(hyperparameter: Hyperparameter) -> dict[str, object]:
    if hyperparameter.kind is str:
        return axis(hyperparameter.name, type="category")
    values = list(hyperparameter.values.values())
    ends = padded_range(values, hyperparameter.log)
    shown = log_axis(hyperparameter.name, values) if hyperparameter.log else axis(hyperparameter.name)
    return {**shown, "range": ends}
