"""What the best policies achieve under each latency budget, beside the baselines: in accuracy and in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from results.analysis.best_policy import baselines
from results.analysis.comparison import Comparison
from results.analysis.gains import best_policies
from results.listing.formatting import STARTING_VALUES
from results.page.charts.chart import Chart, Colour, Trace, axis, baseline_colour, label
from trainable.score_parts import BudgetPoint

FRONTIER_READING = (
    "Each dot is one latency budget, at the mean time its answers took and how many of them were right; up and to the "
    "left is better."
)


@dataclass(frozen=True)
class _Series:
    name: str
    colour: str
    points: Sequence[BudgetPoint]
    """What is achieved under each budget; all series have the same budgets."""
    is_policy: bool


def frontier_charts(comparison: Comparison) -> list[Chart]:
    """Two charts; none where the run does not tell what its best policy does under budgets."""
    series = _all_series(comparison)
    if not any(one.is_policy for one in series):
        return []
    budgets = [f"{point.budget_ms:.3g} ms" for point in series[0].points]
    columns = [[one.name, *map(_accuracy_and_latency, one.points)] for one in series]
    in_budget = [[one.name, *(f"{point.in_budget_accuracy:.3f}" for point in one.points)] for one in series]
    return [
        Chart(
            name="frontier",
            title="Accuracy and latency",
            reading=FRONTIER_READING,
            traces=[_line(one, lambda point: (point.latency_ms, point.accuracy)) for one in series],
            layout={"xaxis": axis("mean latency (ms)"), "yaxis": axis("accuracy of all answers")},
            numbers=list(zip(["budget", *budgets], *columns, strict=True)),
            height=420,
        ),
        Chart(
            name="budgets",
            title="Right and in time, budget by budget",
            reading=_budget_reading(series),
            traces=[_line(one, lambda point: (point.budget_ms, point.in_budget_accuracy)) for one in series],
            layout={"xaxis": axis("latency budget (ms)"), "yaxis": axis("accuracy of the answers in time")},
            numbers=list(zip(["budget", *budgets], *in_budget, strict=True)),
            height=420,
        ),
    ]


def _all_series(comparison: Comparison) -> list[_Series]:
    """The baselines, the best first, then the starting values and the winner."""
    series = [
        _Series(baseline.name, baseline_colour(index), baseline.under_budgets, is_policy=False)
        for index, baseline in enumerate(reversed(baselines(comparison.records[0])))
        if baseline.under_budgets
    ]
    start = None if comparison.start is comparison.winner else comparison.start
    for group, name, colour in ((start, STARTING_VALUES, Colour.START), (comparison.winner, "winner", Colour.WINNER)):
        # Of several seeds, any one shows the shape.
        policy = next(filter(None, best_policies(group)), None) if group else None
        if policy and policy.under_budgets:
            series.append(_Series(name, colour, policy.under_budgets, is_policy=True))
    return series


def _line(series: _Series, position: Callable[[BudgetPoint], tuple[float, float]]) -> Trace:
    """
    Args:
        position: where a point lies, across and up.
    """
    points = sorted(series.points, key=position)
    is_policy = series.is_policy
    line = {"color": series.colour, "width": 3 if is_policy else 1.6, "dash": "solid" if is_policy else "dot"}
    return {
        "mode": "lines+markers",
        "name": label(series.name),
        "x": [position(point)[0] for point in points],
        "y": [position(point)[1] for point in points],
        "line": line,
        "marker": {"color": series.colour, "size": 8 if is_policy else 6},
        "text": [
            f"budget {point.budget_ms:.3g} ms: {point.accuracy:.3f} in {point.latency_ms:.3g} ms on average, "
            f"{point.violation_rate:.1%} late"
            for point in points
        ],
        "hovertemplate": f"{label(series.name)}, %{{text}}<extra></extra>",
    }


def _accuracy_and_latency(point: BudgetPoint) -> str:
    return f"{point.accuracy:.3f} at {point.latency_ms:.3g} ms"


def _budget_reading(series: Sequence[_Series]) -> str:
    """Where the winner is furthest from the best baseline."""
    reading = "The score is the mean of these points: an answer that comes too late counts as wrong."
    best, ours = series[0], series[-1]
    if best.is_policy:
        return reading
    gap, budget_ms = max(
        (theirs.in_budget_accuracy - our.in_budget_accuracy, our.budget_ms)
        for our, theirs in zip(ours.points, best.points, strict=True)
    )
    if gap <= 0:
        return reading
    return f"{reading} Under {budget_ms:.3g} ms the {ours.name} is furthest below {best.name}: {gap:.3f}."
