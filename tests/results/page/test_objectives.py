"""Several objectives and constraints in the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from made_up_sweep import METRIC, MadeUpTrial, write_sweep

from results.analysis.comparison import Comparison
from results.page.section import section_of
from results.page.words import headline
from results.record.sweeps import read_sweep
from results.report import main
from trainable.ranking import written_names

LATENCY, LATE = "Val/Latency_Mean", "Val/Late <b>"


def sweep(folder: Path, *constraints: str) -> Path:
    """Scores, latencies (ms) and how often it is too late; the first has the starting values."""
    trials = [
        MadeUpTrial({"lr": lr}, (score / 2, score), columns={LATENCY: latency_ms, LATE: late})
        for lr, score, latency_ms, late in (
            (0.1, 0.5, 50.0, 0.01),
            (0.2, 0.9, 90.0, 0.2),
            (0.3, 0.7, 95.0, 0.05),
            (0.4, 0.6, 99.0, 0.0),
        )
    ]
    return write_sweep(
        folder, trials, metric=written_names([METRIC, LATENCY]), mode="max,min", constraint=[*constraints]
    )


def dots(traces: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """The trials of each kind."""
    return {trace["name"]: trace["customdata"] for trace in traces if "name" in trace}


def test_the_chart_of_two_objectives_shows_the_set_the_beaten_and_those_that_are_of_no_use(tmp_path: Path) -> None:
    section = section_of(read_sweep(sweep(tmp_path / "a", f"{LATE} <= 0.05")), "a", "a")
    (chart,) = next(part for part in section["parts"] if part.name == "traded").charts
    assert dots(chart.traces) == {
        "violates a constraint": [1],
        "beaten": [3],
        "Pareto set": [2, 0],
        "starting values": [0],
        "winner": [2],
    }
    assert "Its hypervolume is 2.858, from (0.48, 104)." in chart.reading
    facts = dict(section["facts"])
    assert facts["Score"] == f"the max of {METRIC} over a trial's epochs that satisfy {LATE} <= 0.05"
    assert facts["Ranked"].startswith(f"by Pareto rank over {METRIC} (max) and {LATENCY} (min)")


def test_the_page_says_that_no_trial_is_of_use_and_which_is_nearest(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "a", f"{LATENCY} <= 40")
    assert "".join(headline(Comparison((read_sweep(folder),)))) == (
        f"No trial satisfies {LATENCY} <= 40: the nearest has an in-budget accuracy of 0.500"
    )
    assert main([str(folder), "--output", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"No trial satisfies {LATENCY} &lt;= 40: the nearest is trial 0 with {LATENCY} 50" in page


def test_a_page_of_one_objective_has_no_such_chart(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "a", [MadeUpTrial({"lr": lr}, (lr,) * 3) for lr in (0.1, 0.2, 0.3)])
    section = section_of(read_sweep(folder), "a", "a")
    assert "traded" not in [part.name for part in section["parts"]]
    assert "Ranked" not in dict(section["facts"])
