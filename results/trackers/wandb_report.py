"""A sweep's W&B Report: the winner in words, and the charts of its saved view.

Building it talks to nobody; saving it does, and replaces what the report held.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import wandb_workspaces.reports.v2 as wr

from results.analysis.comparison import compare
from results.listing.summary import gain_lines
from results.record.sweeps import SweepRecord
from results.trackers.wandb_charts import (
    SCORE,
    hyperparameter_charts,
    hyperparameters,
    is_best_first_ascending,
    learning_curves,
    runs_of,
)
from results.trackers.wandb_settings import WandbRunSettings

LONGEST_TITLE = 128
GRID_COLUMNS = 24
WIDE, NARROW = (24, 10), (12, 8)
"""Columns and rows of a chart."""


def sweep_report(record: SweepRecord, settings: WandbRunSettings, metrics: Sequence[str]) -> wr.Report:
    """What to tell of a sweep.

    Args:
        settings: of its runs, their entity and project named.
        metrics: whose curves, in this order.
    """
    (comparison,) = compare([record])
    trials = f"{len(record.trials)} trials of at most {record.num_epochs} epochs"
    objective = f"{SCORE} is the {record.mode} of {record.metric} over a trial's epochs"
    return wr.Report(
        entity=settings.entity,
        project=settings.project,
        title=f"Sweep {record.name}"[:LONGEST_TITLE],
        description=f"{trials}; {objective}.",
        width="fluid",
        blocks=[
            *([wr.P(record.data["summary"])] if record.data else []),
            wr.H2("The winner"),
            *_paragraphs(gain_lines(comparison)),
            wr.H2("Confirmed settings" if record.job_type == "confirm" else "Hyperparameters"),
            _grid(record, settings, hyperparameter_charts(record)),
            wr.H2("Learning curves"),
            _grid(record, settings, learning_curves(record, metrics)),
        ],
    )


def _paragraphs(lines: Iterable[str]) -> list[Any]:
    """Lines that are indented become a list."""
    blocks: list[Any] = []
    for indented, group in itertools.groupby(lines, key=lambda line: line.startswith(" ")):
        texts = [" ".join(line.split()) for line in group]
        blocks += [wr.UnorderedList(items=texts)] if indented else [wr.P(text) for text in texts]
    return blocks


def _grid(record: SweepRecord, settings: WandbRunSettings, panels: list[Any]) -> wr.PanelGrid:
    """The charts in two columns, the first one across both."""
    names = hyperparameters(record)
    for place, panel in enumerate(panels):
        width, height = NARROW if place else WIDE
        row, column = divmod(place - 1, GRID_COLUMNS // width) if place else (0, 0)
        panel.layout = wr.Layout(x=column * width, y=row * height + (WIDE[1] if place else 0), w=width, h=height)
    return wr.PanelGrid(
        runsets=[
            wr.Runset(
                entity=settings.entity,
                project=settings.project,
                name=record.name,
                filters=runs_of(settings.group),
                order=[wr.OrderBy(wr.SummaryMetric(SCORE), ascending=is_best_first_ascending(record))],
                groupby=[f"config.{name}" for name in names] if record.job_type == "confirm" else [],
                pinned_columns=[
                    "run:displayName", f"summary:{SCORE}", *(f"config:{name}.value" for name in names)
                ],
            )
        ],
        panels=panels,
    )  # fmt: skip


def save_report(report: wr.Report, url: str | None) -> str:
    """Save a report: over the one at that URL if it is still there, else as a new one. Its URL.

    Raises:
        Exception: whatever W&B's packages raise when the server refuses or does not answer.
    """
    saved = _saved_report(url) if url else None
    if saved is None:
        return str(report.save().url)
    saved.title, saved.description, saved.blocks, saved.width = (
        report.title, report.description, report.blocks, report.width
    )  # fmt: skip
    return str(saved.save().url)


def _saved_report(url: str) -> Any | None:
    try:
        return wr.Report.from_url(url)
    except TypeError:  # deleted: the server answers null, over which wandb-workspaces 0.4.13 stumbles
        return None
