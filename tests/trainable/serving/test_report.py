"""The table as people read it."""

import io

from trainable.profiles.budget_points import BudgetPoint
from trainable.serving.budgets import read_budget
from trainable.serving.judgement import FULL, POLICY, Line
from trainable.serving.promises import Promise
from trainable.serving.report import print_report
from trainable.terminal.console import PlainConsole


def point(budget_ms: float, **changes: float) -> BudgetPoint:
    numbers = {
        "in_budget_accuracy": 0.5, "accuracy": 0.75, "latency_ms": 12.25, "p50_latency_ms": 12.0,
        "p95_latency_ms": 20.0, "p99_latency_ms": 24.0, "violation_rate": 0.125,
    }  # fmt: skip
    return BudgetPoint(budget_ms=budget_ms, **(numbers | changes))


LINES = [
    Line(POLICY, read_budget("0.5"), Promise(point(20.0, accuracy=0.8, violation_rate=0.0)), point(20.0)),
    Line(FULL, read_budget("0.5"), Promise(None, "it is too slow"), point(20.0, violation_rate=1.0)),
    Line(POLICY, read_budget("4ms"), Promise(None, "nothing is so fast"), point(4.0)),
    Line(FULL, read_budget("4ms"), Promise(None, "it is too slow"), point(4.0)),
]


def test_each_line_has_what_was_promised_and_what_came() -> None:
    out = io.StringIO()
    print_report(PlainConsole(out), LINES)
    rows = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    for row in (
        "20 ms (0.5 of full) policy 0.800 -> 0.750 0.500 12.2 12.0 20.0 24.0 0.0% -> 12.5%",
        "full model none -> 0.750 0.500 12.2 12.0 20.0 24.0 none -> 100.0%",
        "4 ms policy none -> 0.750 0.500 12.2 12.0 20.0 24.0 none -> 12.5%",
        "No promise for the full model under 20, 4 ms: it is too slow",
        "No promise for the policy under 4 ms: nothing is so fast",
    ):
        assert row in rows
