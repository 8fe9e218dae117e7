"""The charts of the kind of run's own: what the best epochs and the baselines achieve, as lines in its figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.comparison import Comparison
from results.analysis.details import baselines, score_details
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import STARTING_VALUES
from results.page.charts.chart import Chart, Colour, Numbers, Trace, axis, baseline_colour, label
from trainable.score_parts import Curve, Figure


@dataclass(frozen=True)
class _Line:
    name: str
    colour: str
    curve: Curve
    is_trained: bool

    @property
    def points(self) -> Sequence[str | float]:
        """What tells its points from each other: their words, else where they lie."""
        return self.curve.points or self.curve.x


def figure_charts(comparison: Comparison) -> list[Chart]:
    """A chart for each figure that a trained run has a curve of."""
    drawn = [(figure, _lines(comparison, figure.name)) for figure in comparison.records[0].figures]
    return [
        _chart(f"figure-{index}", figure, lines)
        for index, (figure, lines) in enumerate(drawn)
        if any(line.is_trained for line in lines)
    ]


def _lines(comparison: Comparison, figure: str) -> list[_Line]:
    """The baselines, the best first, then the starting values and the winner."""
    lines = [
        _Line(baseline.name, baseline_colour(index), baseline.curves[figure], is_trained=False)
        for index, baseline in enumerate(reversed(baselines(comparison.records[0])))
        if figure in baseline.curves
    ]
    start = None if comparison.start is comparison.winner else comparison.start
    for group, name, colour in ((start, STARTING_VALUES, Colour.START), (comparison.winner, "winner", Colour.WINNER)):
        curve = _curve(group, figure) if group else None
        if curve:
            lines.append(_Line(name, colour, curve, is_trained=True))
    return lines


def _curve(group: SeedGroup, figure: str) -> Curve | None:
    """Of several seeds, any one shows the shape."""
    known = (score_details(trial.sweep, trial.trial) for trial in group.counted)
    return next((details.curves[figure] for details in known if details and figure in details.curves), None)


def _chart(name: str, figure: Figure, lines: Sequence[_Line]) -> Chart:
    return Chart(
        name=name,
        title=figure.title,
        reading=f"{figure.reading} {_furthest_below(figure, lines)}".strip(),
        traces=[_trace(figure, line) for line in lines],
        layout={"xaxis": axis(figure.x_title), "yaxis": axis(figure.y_title)},
        numbers=_numbers(figure, lines),
        height=420,
    )


def _trace(figure: Figure, line: _Line) -> Trace:
    colour, curve = line.colour, line.curve
    points = [f"{figure.point_title} {name}: ".lstrip() for name in curve.points] or [""] * len(curve.x)
    return {
        "mode": "lines+markers",
        "name": label(line.name),
        "x": curve.x,
        "y": curve.y,
        "line": {
            "color": colour,
            "width": 3 if line.is_trained else 1.6,
            "dash": "solid" if line.is_trained else "dot",
        },
        "marker": {"color": colour, "size": 8 if line.is_trained else 6},
        "text": [label(point) for point in points],
        "hovertemplate": f"{label(line.name)}, %{{text}}{label(figure.y_title)} %{{y:.3f}}, "
        f"{label(figure.x_title)} %{{x:.3g}}<extra></extra>",
    }


def _furthest_below(figure: Figure, lines: Sequence[_Line]) -> str:
    """Where the last line is furthest from the best baseline; nothing where it is not below, or not at the same x."""
    best, ours = lines[0], lines[-1]
    if best.is_trained or best.curve.x != ours.curve.x:
        return ""
    gaps = [(theirs - y, x) for x, y, theirs in zip(ours.curve.x, ours.curve.y, best.curve.y, strict=True)]
    gap, x = max(gaps, default=(0.0, 0.0))
    if gap <= 0:
        return ""
    return f"Where {figure.x_title} is {x:.3g}, the {ours.name} is furthest below {best.name}: {gap:.3f}."


def _numbers(figure: Figure, lines: Sequence[_Line]) -> Numbers:
    """A row for each point that any line has, in their order."""
    columns = [dict(zip(line.points, _cells(line.curve), strict=True)) for line in lines]
    points = dict.fromkeys(point for column in columns for point in column)
    title = figure.point_title if any(line.curve.points for line in lines) else figure.x_title
    rows = [[_shown(point), *(column.get(point, "-") for column in columns)] for point in points]
    return [[title, *(line.name for line in lines)], *rows]


def _shown(point: str | float) -> str:
    return point if isinstance(point, str) else f"{point:.4g}"


def _cells(curve: Curve) -> list[str]:
    """How high each point is, and where it lies when its name does not say so."""
    if not curve.points:
        return [f"{y:.3f}" for y in curve.y]
    return [f"{y:.3f} at {x:.3g}" for x, y in zip(curve.x, curve.y, strict=True)]
