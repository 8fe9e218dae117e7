"""Slices through the space: the score against each hyperparameter, and the plane of two."""

from collections.abc import Sequence

from optuna.distributions import IntDistribution

from results.analysis.comparison import Comparison
from results.analysis.hyperparameters import Hyperparameter
from results.listing.formatting import STARTING_VALUES, shown_value
from results.page.charts.chart import SCALE, Chart, Colour, Trace, axis, label
from results.page.charts.settings import BEST, ENDED_EARLY, RAN_IN_FULL, ScoredSetting, axis_type

MANY = 200
"""Settings beyond which dots are small."""

_MARKERS: dict[str, dict[str, object]] = {
    ENDED_EARLY: {"symbol": "circle-open", "size": 9, "color": Colour.MUTED, "line": {"width": 1.6}},
    RAN_IN_FULL: {"symbol": "circle", "size": 9, "color": Colour.ACCENT},
    STARTING_VALUES: {"symbol": "diamond", "size": 13, "color": Colour.START},
    BEST: {"symbol": "star", "size": 17, "color": Colour.WINNER},
}
"""In the order in which they are drawn."""


def slice_charts(
    comparison: Comparison, settings: Sequence[ScoredSetting], varied: Sequence[Hyperparameter]
) -> list[Chart]:
    """The plane of the first two numbers, those that are continuous before whole ones, then the score against each."""
    score_name = comparison.score_name
    numbers = sorted(
        (one for one in varied if not one.is_choice), key=lambda one: isinstance(one.distribution, IntDistribution)
    )
    scale = SCALE if comparison.mode == "max" else SCALE[::-1]
    planes = [_plane(settings, numbers[0], numbers[1], score_name, scale)] if len(numbers) > 1 else []
    return planes + [
        Chart(
            name=f"slice-{index}",
            title=f"{score_name} by {hyperparameter.name}".capitalize(),
            reading="",
            traces=[_dots(settings, hyperparameter, kind) for kind in _MARKERS],
            layout={
                "xaxis": axis(hyperparameter.name, **axis_type(hyperparameter)),
                "yaxis": axis(score_name),
                "showlegend": False,
            },
            height=320,
            highlight="markers",
        )
        for index, hyperparameter in enumerate(varied)
    ]


def _plane(
    settings: Sequence[ScoredSetting],
    across: Hyperparameter,
    up: Hyperparameter,
    score_name: str,
    scale: Sequence[str],
) -> Chart:
    """
    Args:
        scale: colours from the least score to the most.
    """
    both = [index for index in range(len(settings)) if index in across.values and index in up.values]
    bar: Trace = {
        "orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right", "len": 170, "lenmode": "pixels",
        "thickness": 10, "outlinewidth": 0, "nticks": 4,
        "title": {"text": label(score_name), "side": "top", "font": {"size": 12}},
    }  # fmt: skip
    dots: Trace = {
        "mode": "markers",
        "x": [across.values[index] for index in both],
        "y": [up.values[index] for index in both],
        "customdata": [settings[index].trial for index in both],
        "marker": {
            "size": 13 if len(both) <= MANY else 7,
            "color": [settings[index].score for index in both],
            "colorscale": [[step / (len(scale) - 1), colour] for step, colour in enumerate(scale)],
            "line": {"color": Colour.SURFACE, "width": 1},
            "colorbar": bar,
        },
        "showlegend": False,
        "hovertemplate": "trial %{customdata}: %{marker.color:.3f}<br>"
        f"{label(across.name)} %{{x:.3~g}}, {label(up.name)} %{{y:.3~g}}<extra></extra>",
    }
    rings: list[Trace] = [
        {
            "mode": "markers",
            "name": kind,
            "x": [across.values[index]],
            "y": [up.values[index]],
            "marker": {"symbol": "circle-open", "size": 21, "color": colour, "line": {"width": 3}},
            "hoverinfo": "skip",
        }
        for kind, colour in ((STARTING_VALUES, Colour.START), (BEST, Colour.WINNER))
        for index in both
        if settings[index].kind == kind
    ]
    return Chart(
        name="plane",
        title=f"{across.name} and {up.name}",
        reading="A dot is a setting, the stronger its colour the better; winner and starting values have a ring.",
        traces=[dots, *rings],
        layout={
            "xaxis": axis(across.name, **axis_type(across)),
            "yaxis": axis(up.name, **axis_type(up)),
            "legend": {"y": -0.2, "yanchor": "top"},
            "margin": {"b": 88},
        },
        height=440,
        is_wide=True,
        highlight="markers",
    )


def _dots(settings: Sequence[ScoredSetting], hyperparameter: Hyperparameter, kind: str) -> Trace:
    shown = [(value, settings[i]) for i, value in hyperparameter.values.items() if settings[i].kind == kind]
    return {
        "mode": "markers",
        "x": [label(value) if hyperparameter.is_choice else value for value, _ in shown],
        "y": [setting.score for _, setting in shown],
        "customdata": [setting.trial for _, setting in shown],
        "text": [label(shown_value(value)) for value, _ in shown],
        "marker": _MARKERS[kind],
        "hovertemplate": f"trial %{{customdata}}: %{{y:.3f}}<br>{label(hyperparameter.name)} %{{text}}<extra></extra>",
    }
