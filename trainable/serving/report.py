"""A deployed policy's promises and what became of them, as people read it, and as a file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from trainable.serving.judgement import Line
from trainable.system_errors import writing
from trainable.terminal.console import PlainConsole

REPORT_FILE = "deployment.json"
TABLE_WIDTH = 120


def print_report(console: PlainConsole, lines: Sequence[Line]) -> None:
    """A block of lines a budget, and under it what was not promised."""
    console.width = max(console.width, TABLE_WIDTH)
    console.print(_table(lines))
    refused: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.promise.point is None:
            refused.setdefault((line.chooser, line.promise.refusal), []).append(f"{line.measured.budget_ms:.4g}")
    for (chooser, refusal), budgets in refused.items():
        console.print(f"No promise for the {chooser} under {', '.join(budgets)} ms: {refusal}")


def write_report(folder: Path, lines: Sequence[Line], facts: Mapping[str, Any]) -> None:
    """All numbers, unrounded.

    Raises:
        DiskError: they cannot be written.
    """
    file = folder / REPORT_FILE
    with writing(file):
        file.write_text(json.dumps({**facts, "lines": [*map(asdict, lines)]}, indent=2) + "\n", encoding="utf-8")


def _table(lines: Sequence[Line]) -> Table:
    caption = (
        "accuracy, late: promised -> measured; in budget: accuracy of the answers in time; latencies (ms) of whole "
        "requests"
    )
    table = Table(box=None, header_style="bold", pad_edge=False, caption=caption, caption_justify="left")
    for column in ("budget", "", "accuracy", "in budget", "mean ms", "P50", "P95", "P99", "late"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for place, line in enumerate(lines):
        point, promised = line.measured, line.promise.point
        is_first = place == 0 or lines[place - 1].budget != line.budget
        if is_first and place:
            table.add_row()
        times_ms = (point.latency_ms, point.p50_latency_ms, point.p95_latency_ms, point.p99_latency_ms)
        share = f" ({line.budget})" if line.budget.is_share else ""
        table.add_row(
            f"{point.budget_ms:.4g} ms{share}" if is_first else "",
            line.chooser,
            f"{f'{promised.accuracy:.3f}' if promised else 'none'} -> {point.accuracy:.3f}",
            f"{point.in_budget_accuracy:.3f}",
            *(f"{time_ms:.1f}" for time_ms in times_ms),
            f"{f'{promised.violation_rate:.1%}' if promised else 'none'} -> {point.violation_rate:.1%}",
        )
    return table
