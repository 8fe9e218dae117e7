"""What is traded for what: each setting by its first two objectives, and the Pareto set among them."""

from collections.abc import Iterable

from results.analysis.comparison import Comparison
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import STARTING_VALUES, shown_value
from results.page.charts.chart import Chart, Colour, Trace, axis
from results.page.charts.thinning import MOST_SETTINGS, thinned, thinned_words

IN_SET, BEATEN, VIOLATING, BEST = "Pareto set", "beaten", "violates a constraint", "winner"
_MARKERS: dict[str, dict[str, object]] = {
    VIOLATING: {"symbol": "x-thin", "size": 8, "line": {"width": 1.6, "color": Colour.MUTED}},
    BEATEN: {"symbol": "circle-open", "size": 9, "color": Colour.MUTED, "line": {"width": 1.6}},
    IN_SET: {"symbol": "circle", "size": 10, "color": Colour.ACCENT},
    STARTING_VALUES: {"symbol": "diamond-open", "size": 16, "color": Colour.START, "line": {"width": 2}},
    BEST: {"symbol": "star", "size": 17, "color": Colour.WINNER},
}
"""In the order in which they are drawn."""


def objective_charts(comparison: Comparison) -> list[Chart]:
    """None of a sweep that has one objective, or no trial with a score."""
    found, objective = comparison.trade_off, comparison.objective
    groups = [group for group in comparison.groups if comparison.excess(group) is not None]
    if len(objective.metrics) == 1 or not found or not groups:
        return []
    across, up, *others = objective.metrics
    beaten = [group for front in found.fronts[1:] for group in front]
    kinds = {
        IN_SET: found.pareto_set,
        BEATEN: thinned(beaten, MOST_SETTINGS),
        VIOLATING: [group for group in groups if comparison.excess(group)],
        STARTING_VALUES: [group for group in groups if group is comparison.start],
        BEST: [group for group in groups if group is comparison.winner],
    }
    line: Trace = {
        "mode": "lines",
        "x": [group.mean_of(across) for group in found.pareto_set],
        "y": [group.mean_of(up) for group in found.pareto_set],
        "line": {"color": Colour.FAINT, "width": 2, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    # Of three objectives the set is a surface, and a line through its points would show none of it.
    traces = [*([] if others else [line]), *(_dots(kind, kinds[kind], across, up) for kind in _MARKERS if kinds[kind])]
    reference = ", ".join(map(shown_value, found.reference))
    volume = f"Its hypervolume is {found.hypervolume:.4g}, from ({reference})." if found.pareto_set else ""
    flat = f" {others[0]} is not drawn: what seems beaten here may be best in it." if others else ""
    names = [comparison.records[0].described(metric).title for metric in (across, up)]
    return [
        Chart(
            name="objectives",
            title=f"{names[0]} and {names[1]}".capitalize(),
            reading=f"No setting is better than one of the Pareto set in every objective. {volume}{flat}"
            + thinned_words(len(beaten), MOST_SETTINGS, "beaten ones"),
            traces=traces,
            layout={"xaxis": axis(across), "yaxis": axis(up), "legend": {"y": -0.2, "yanchor": "top"}},
            height=440,
            is_wide=True,
            highlight="markers",
        )
    ]


def _dots(kind: str, groups: Iterable[SeedGroup], across: str, up: str) -> Trace:
    shown = list(groups)
    return {
        "mode": "markers",
        "name": kind,
        "x": [group.mean_of(across) for group in shown],
        "y": [group.mean_of(up) for group in shown],
        "customdata": [group.trials[0].trial.number for group in shown],
        "marker": _MARKERS[kind],
        "hovertemplate": f"trial %{{customdata}}: %{{x:.3~g}}, %{{y:.3~g}}<extra>{kind}</extra>",
    }
