"""What W&B draws of a sweep: a saved view of its runs, and a report with the winner in words, both of the same charts.

Every chart is of the run's summary `score` (the objective at the best epoch) or of the curves. A search's trials and
its finalists, which have seeds of their own, are apart: a view each, and charts of each in the report. Runs that
confirm are grouped by their hyperparameters: the seeds of one setting are one curve, in a band from the lowest to the
highest. Building a view or a report talks to nobody; saving it does.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr

from results.analysis.comparison import compare
from results.listing.certainty import gain_lines, trust_line
from results.listing.objectives import constraint_line, pareto_lines, score_words
from results.record.sweeps import SweepRecord
from results.trackers.wandb_charts import MOST_CURVES, Panels, Part, charts_of, hyperparameters, parts_of
from results.trackers.wandb_settings import BEST_EPOCH, FEASIBLE, SCORE, STATUS, WandbRunSettings, at_best_epoch
from trainable import contract

LONGEST_TITLE = 128
GRID_COLUMNS = 24
WIDE, NARROW = (24, 10), (12, 8)
"""Columns and rows of a chart in a report."""


def view_of(part: Part, settings: WandbRunSettings, metrics: Sequence[str]) -> ws.Workspace:
    """A view of a sweep's runs, the best one first, and its charts.

    Args:
        settings: of its runs, their entity and project named.
        metrics: whose curves, in this order.
    """
    record = part.record
    return ws.Workspace(
        entity=settings.entity,
        project=settings.project,
        name=part.title,
        sections=[
            ws.Section(name=title, panels=panels, is_open=True) for title, panels in charts_of(part, metrics).items()
        ],
        settings=ws.WorkspaceSettings(x_axis=contract.EPOCH, max_runs=min(MOST_CURVES, record.num_samples)),
        runset_settings=ws.RunsetSettings(
            filters=_runs_of(part, settings),
            order=[expr.Ordering(expr.Summary(name), ascending=ascending) for name, ascending in _order(record)],
            groupby=[expr.Config(name) for name in _grouped_by(part)],
            pinned_columns=_columns(record, SCORE, *_beside_score(record), BEST_EPOCH, STATUS),
        ),
    )


def sweep_report(record: SweepRecord, settings: WandbRunSettings, metrics: Sequence[str]) -> wr.Report:
    """A report on a sweep; the arguments as above."""
    (comparison,) = compare([record])
    trials = f"{len(record.trials)} trials of at most {record.num_epochs} epochs"
    objective = f"{SCORE} is {score_words(record.objective)}"
    charts = [
        (
            wr.H2(title if part.is_all or not part.confirms else f"Finalists: {title.lower()}"),
            _grid(part, settings, panels),
        )
        for part in reversed(parts_of(record))
        for title, panels in charts_of(part, metrics).items()
        if not part.confirms or part.is_all or record.replicates
    ]
    return wr.Report(
        entity=settings.entity,
        project=settings.project,
        title=f"Sweep {record.name}"[:LONGEST_TITLE],
        description=f"{trials}; {objective}.",
        width="fluid",
        blocks=[
            wr.P(record.data["summary"]),
            wr.H2("The winner"),
            *_paragraphs(
                [
                    *filter(None, [constraint_line(comparison)]),
                    *gain_lines(comparison),
                    *pareto_lines(comparison),
                    *filter(None, [trust_line(comparison)]),
                ]
            ),
            *itertools.chain(*charts),
        ],
    )


def save(page: ws.Workspace | wr.Report, url: str | None) -> str:
    """Save a view or a report: over the one at that URL if it is still there, else as a new one. Its URL.

    What people have added to a view, sections of their own, stays in it; a report is written anew.

    Raises:
        Exception: whatever W&B's packages raise when the server refuses or does not answer.
    """
    saved = _saved(page, url) if url else None
    if saved is None:
        return str(page.save().url)
    if isinstance(page, ws.Workspace):
        ours = {section.name for section in page.sections}
        page.sections = [*page.sections, *(section for section in saved.sections if section.name not in ours)]
        parts: tuple[str, ...] = ("sections", "settings", "runset_settings")
    else:
        parts = ("title", "description", "width", "blocks")
    for part in parts:
        setattr(saved, part, getattr(page, part))
    return str(saved.save().url)


def _saved(page: ws.Workspace | wr.Report, url: str) -> Any | None:
    """What W&B holds at the URL of such a page; None when it was deleted.

    wandb-workspaces 0.4.13 raises a ValueError for a view then, and for a report it stumbles over the server's null.
    """
    gone = ValueError if isinstance(page, ws.Workspace) else TypeError
    try:
        return type(page).from_url(url)
    except gone:
        return None


def _beside_score(record: SweepRecord) -> list[str]:
    """What else of a run's summary its rank is made of."""
    others = [at_best_epoch(metric) for metric in record.objective.needed if metric != record.metric]
    return [*others, *([FEASIBLE] if record.objective.constraints else [])]


def _order(record: SweepRecord) -> list[tuple[str, bool]]:
    """By what in their summary runs are sorted, each whether from the least: W&B knows no ranks of several numbers."""
    by_score = (SCORE, record.mode == "min")
    return [(FEASIBLE, False), by_score] if record.objective.constraints else [by_score]


def _grouped_by(part: Part) -> list[str]:
    """The hyperparameters that the seeds of a confirmed setting share."""
    return hyperparameters(part.record) if part.confirms else []


def _runs_of(part: Part, settings: WandbRunSettings) -> expr.And:
    """The filter that leaves a part of the sweep's own runs."""
    of_sweep = expr.Metric("Group") == settings.group
    if part.is_all:
        return expr.And(of_sweep)
    return expr.And(of_sweep, expr.Metric("JobType") == ("confirm" if part.confirms else "search"))


def _columns(record: SweepRecord, *of_summary: str) -> list[str]:
    """Of the table of runs, in W&B's words."""
    summary = [f"summary:{name}" for name in of_summary]
    return ["run:displayName", *summary, *(f"config:{name}.value" for name in hyperparameters(record))]


def _grid(part: Part, settings: WandbRunSettings, panels: Panels) -> wr.PanelGrid:
    """The charts in two columns, the first one across both."""
    record = part.record
    for index, panel in enumerate(panels):
        width, height = NARROW if index else WIDE
        row, column = divmod(index - 1, GRID_COLUMNS // width) if index else (0, 0)
        panel.layout = wr.Layout(x=column * width, y=row * height + (WIDE[1] if index else 0), w=width, h=height)
    runs = wr.Runset(
        entity=settings.entity,
        project=settings.project,
        name=record.name,
        filters=_runs_of(part, settings),
        order=[wr.OrderBy(wr.SummaryMetric(name), ascending=ascending) for name, ascending in _order(record)],
        groupby=[f"config.{name}" for name in _grouped_by(part)],
        pinned_columns=_columns(record, SCORE, *_beside_score(record)),
    )
    return wr.PanelGrid(runsets=[runs], panels=panels)


def _paragraphs(lines: Iterable[str]) -> list[Any]:
    """Lines that are indented become a list."""
    blocks: list[Any] = []
    for indented, group in itertools.groupby(lines, key=lambda line: line.startswith(" ")):
        texts = [" ".join(line.split()) for line in group]
        blocks += [wr.UnorderedList(items=texts)] if indented else [wr.P(text) for text in texts]
    return blocks
