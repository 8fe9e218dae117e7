"""The hyperparameters against the score: what decides, every setting as a line, and slices one and two at a time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.best_quarter import best_quarter
from results.chart import (
    ACCENT,
    FAINT,
    INK,
    LEGEND_ABOVE,
    MUTED,
    SCALE,
    START,
    WINNER,
    Chart,
    Table,
    Trace,
    apart,
    axis,
    even_ticks,
    label,
    log_axis,
    log_ticks,
    number,
    padded_range,
    tick_text,
)
from results.findings import Findings
from results.hyperparameters import Hyperparameter, varied_hyperparameters
from results.importance import importance
from results.report_words import metric_name
from results.seed_groups import SeedGroup
from results.shown import STARTING_VALUES, shown_value

FEWEST_SETTINGS = 3
"""Below it, there is nothing to see in a space."""
LEAST_APART = 0.09
"""Of two ticks on an axis of the parallel coordinates, as a share of its height."""


@dataclass(frozen=True)
class _Settings:
    """Every setting with a score, worst first so that the best is drawn on top, and what varied among them."""

    findings: Findings
    groups: tuple[SeedGroup, ...]
    varied: tuple[Hyperparameter, ...]

    @property
    def scores(self) -> list[float]:
        return [group.score.mean for group in self.groups if group.score]

    @property
    def score_name(self) -> str:
        return metric_name(self.findings.comparison.metric)

    def trial(self, place: int) -> int:
        return self.groups[place].trials[0].trial.number


def decision_charts(findings: Findings) -> list[Chart]:
    """What decides, and every setting as a line; none of a sweep that tried too few settings."""
    settings = _settings_of(findings)
    return [*_importance(settings), _parallel(settings)] if settings else []


def slice_charts(findings: Findings) -> list[Chart]:
    """The plane of two hyperparameters, and the score against each; none of a sweep that tried too few settings."""
    settings = _settings_of(findings)
    if settings is None:
        return []
    return [*_plane(settings), *(_slice(settings, one, place) for place, one in enumerate(settings.varied))]


def _settings_of(findings: Findings) -> _Settings | None:
    groups = tuple(group for group in reversed(findings.comparison.groups) if group.score)
    varied = tuple(varied_hyperparameters([group.setting for group in groups]))
    return _Settings(findings, groups, varied) if len(groups) >= FEWEST_SETTINGS and varied else None


def _importance(settings: _Settings) -> list[Chart]:
    found = importance(settings.findings.comparison.observations)
    if not found.shares:
        return []
    quarter = best_quarter(settings.findings.comparison.observations)
    stand_out = ", ".join(found.stand_out)
    beyond = (
        f"Beyond what chance would give: {stand_out} (in colour)."
        if stand_out
        else "None is beyond what chance would give."
    )
    names = list(found.shares)[::-1]
    return [
        Chart(
            name="importance",
            title="What decides",
            reading="How much each hyperparameter decides whether a trial is among the best quarter (PED-ANOVA). "
            f"{beyond} {quarter.sentence}",
            traces=[
                {
                    "type": "bar",
                    "orientation": "h",
                    "x": [number(found.shares[name]) for name in names],
                    "y": [label(name) for name in names],
                    "text": [f"{found.shares[name]:.0%}" for name in names],
                    "textposition": "outside",
                    "cliponaxis": False,
                    "marker": {"color": [ACCENT if name in found.stand_out else FAINT for name in names]},
                    "hovertemplate": "%{y}: %{text}<extra></extra>",
                }
            ],
            layout={
                "xaxis": {"range": [0, 1.08], "visible": False},
                "yaxis": {"type": "category", "automargin": True, "showgrid": False, "ticksuffix": "  "},
                "showlegend": False,
                "bargap": 0.45,
                "margin": {"t": 8, "b": 8},
            },
            table=Table(
                ("hyperparameter", "share", "beyond chance"),
                tuple(
                    (name, f"{share:.0%}", "yes" if name in found.stand_out else "no")
                    for name, share in found.shares.items()
                ),
            ),
            height=24 + 44 * len(names),
            is_wide=True,
        )
    ]


@dataclass(frozen=True)
class _UpAxis:
    """One vertical axis of the parallel coordinates: where a value lies on it, 0 to 1, and its ticks."""

    name: str
    places: dict[int, float]
    shown: dict[int, str]
    ticks: tuple[tuple[float, str], ...]


def _parallel(settings: _Settings) -> Chart:
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


def _polylines(places: Sequence[int], settings: _Settings, axes: Sequence[_UpAxis], colour: str, width: float) -> Trace:
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


def _score_axis(settings: _Settings) -> _UpAxis:
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


def _plane(settings: _Settings) -> list[Chart]:
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


def _rings(settings: _Settings, across: Hyperparameter, up: Hyperparameter) -> list[Trace]:
    found = []
    for group, name, colour in (
        (settings.findings.start, STARTING_VALUES, START),
        (settings.findings.winner, "winner", WINNER),
    ):
        if (
            group in settings.groups
            and group is not None
            and not (name == "winner" and group is settings.findings.start)
        ):
            place = settings.groups.index(group)
            if place in across.values and place in up.values:
                found.append(
                    {
                        "type": "scatter",
                        "mode": "markers",
                        "name": name,
                        "x": [number(across.values[place])],
                        "y": [number(up.values[place])],
                        "marker": {"symbol": "circle-open", "size": 21, "color": colour, "line": {"width": 3}},
                        "hoverinfo": "skip",
                    }
                )
    return found


def _slice(settings: _Settings, hyperparameter: Hyperparameter, place_of_slice: int) -> Chart:
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


def _kind(settings: _Settings, group: SeedGroup) -> str:
    if group is settings.findings.winner:
        return "winner"
    if group is settings.findings.start:
        return STARTING_VALUES
    return RAN_IN_FULL if group.counted[0].status == "completed" else ENDED_EARLY


def _dots(settings: _Settings, hyperparameter: Hyperparameter, places: Sequence[int], kind: str) -> Trace:
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
