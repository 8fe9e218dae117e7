"""What the best policies achieve under each latency budget, beside the baselines: in accuracy and in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.best_policy import baselines
from results.analysis.findings import Findings, best_policies
from results.listing.formatting import STARTING_VALUES
from results.page.charts.chart import BASELINES, LEGEND_ABOVE, START, WINNER, Chart, Table, Trace, axis, label, number
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
    is_policy: bool


def frontier_charts(findings: Findings) -> list[Chart]:
    """Two charts; none where the run does not tell what its best policy does under budgets."""
    series = _all_series(findings)
    if not any(one.is_policy for one in series):
        return []
    return [
        _chart(
            series, "frontier", "Accuracy and latency", FRONTIER_READING,
            ("latency_ms", "mean latency (ms)"), ("accuracy", "accuracy of all answers"), with_latency=True,
        ),
        _chart(
            series, "budgets", "Right and in time, budget by budget", _budget_reading(series),
            ("budget_ms", "latency budget (ms)"), ("in_budget_accuracy", "accuracy of the answers in time"),
        ),
    ]  # fmt: skip


def _all_series(findings: Findings) -> list[_Series]:
    record = findings.comparison.records[0]
    best_first = baselines(record)[::-1]
    series = [
        _Series(baseline.name, BASELINES[min(index, len(BASELINES) - 1)], baseline.under_budgets, False)
        for index, baseline in enumerate(best_first)
        if baseline.under_budgets
    ]
    for group, name, colour in ((findings.start, STARTING_VALUES, START), (findings.winner, "winner", WINNER)):
        if group is None or (group is findings.winner and name == STARTING_VALUES):
            continue
        policy = next(filter(None, best_policies(group)), None)  # of several seeds, any one shows the shape
        if policy and policy.under_budgets:
            series.append(_Series(name, colour, policy.under_budgets, True))
    return series


def _chart(
    series: Sequence[_Series],
    name: str,
    title: str,
    reading: str,
    x: tuple[str, str],
    y: tuple[str, str],
    with_latency: bool = False,
) -> Chart:
    """
    Args:
        x, y: what of a point is drawn, and its axis's title.
        with_latency: whether the table says each point's latency too.
    """
    return Chart(
        name=name,
        title=title,
        reading=reading,
        traces=[_line(one, x[0], y[0]) for one in series],
        layout={"xaxis": axis(x[1]), "yaxis": axis(y[1]), "legend": LEGEND_ABOVE},
        table=_table(series, y[0], with_latency),
        height=420,
    )


def _line(series: _Series, x: str, y: str) -> Trace:
    points = sorted(series.points, key=lambda point: (getattr(point, x), getattr(point, y)))
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(series.name),
        "x": [number(getattr(point, x)) for point in points],
        "y": [number(getattr(point, y)) for point in points],
        "line": {"color": series.colour, "width": 3 if series.is_policy else 1.6}
        | ({} if series.is_policy else {"dash": "dot"}),
        "marker": {"color": series.colour, "size": 8 if series.is_policy else 6},
        "text": [
            f"budget {point.budget_ms:.3g} ms: {point.accuracy:.3f} in {point.latency_ms:.3g} ms on average, "
            f"{point.violation_rate:.1%} late"
            for point in points
        ],
        "hovertemplate": f"{label(series.name)}, %{{text}}<extra></extra>",
    }


def _table(series: Sequence[_Series], value: str, with_latency: bool) -> Table:
    def cell(point: BudgetPoint) -> str:
        return f"{getattr(point, value):.3f}" + (f" at {point.latency_ms:.3g} ms" if with_latency else "")

    rows = [
        (f"{points[0].budget_ms:.3g} ms", *map(cell, points))
        for points in zip(*(one.points for one in series), strict=True)
    ]
    return Table(("budget", *(one.name for one in series)), tuple(rows))


def _budget_reading(series: Sequence[_Series]) -> str:
    """Where the winner is furthest from the best baseline."""
    ours = next(one for one in reversed(series) if one.is_policy)
    told = "The score is the mean of these points: an answer that comes too late counts as wrong."
    best = series[0]
    if best.is_policy:
        return told
    gaps = [
        (theirs.in_budget_accuracy - our.in_budget_accuracy, our.budget_ms)
        for our, theirs in zip(ours.points, best.points, strict=True)
    ]
    gap, budget_ms = max(gaps)
    if gap <= 0:
        return told
    return f"{told} Under {budget_ms:.3g} ms the {ours.name} is furthest below {best.name}: {gap:.3f}."
