"""What a policy or a baseline achieves under one latency budget after the other, and the charts it is shown in."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainable.score_parts import Curve, Figure

FRONTIER = Figure(
    name="frontier",
    title="Accuracy and latency",
    x_title="mean latency (ms)",
    y_title="accuracy of all answers",
    point_title="budget",
    reading="Each dot is one latency budget, at the mean time its answers took and how many of them were right; up and "
    "to the left is better.",
)
IN_BUDGET = Figure(
    name="budgets",
    title="Right and in time, budget by budget",
    x_title="latency budget (ms)",
    y_title="accuracy of the answers in time",
    reading="The score is the mean of these points: an answer that comes too late counts as wrong.",
)


@dataclass(frozen=True)
class BudgetPoint:
    """What a policy or a baseline achieves under one latency budget: means over the samples it is judged on."""

    budget_ms: float
    in_budget_accuracy: float
    accuracy: float
    latency_ms: float
    p50_latency_ms: float
    p95_latency_ms: float
    p99_latency_ms: float
    violation_rate: float


def curves(points: Sequence[BudgetPoint]) -> dict[str, Curve]:
    """The lines that they are in the charts, by the name of the chart."""
    by_latency = sorted(points, key=lambda point: (point.latency_ms, point.accuracy))
    by_budget = sorted(points, key=lambda point: point.budget_ms)
    return {
        FRONTIER.name: Curve(
            tuple(point.latency_ms for point in by_latency),
            tuple(point.accuracy for point in by_latency),
            tuple(f"{point.budget_ms:.3g} ms" for point in by_latency),
        ),
        IN_BUDGET.name: Curve(
            tuple(point.budget_ms for point in by_budget), tuple(point.in_budget_accuracy for point in by_budget)
        ),
    }
