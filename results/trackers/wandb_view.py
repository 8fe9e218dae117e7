"""A sweep's saved view at W&B: its runs, best first, and its charts.

Building it talks to nobody; saving it does. What people add to the view, sections of their own, stays when it is saved
again.
"""

from collections.abc import Sequence

import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr

from results.record.sweeps import SweepRecord
from results.trackers.wandb_charts import (
    MOST_CURVES,
    SCORE,
    Panels,
    hyperparameter_charts,
    hyperparameters,
    is_best_first_ascending,
    learning_curves,
    runs_of,
)
from results.trackers.wandb_settings import WandbRunSettings
from trainable import contract


def sweep_view(record: SweepRecord, settings: WandbRunSettings, metrics: Sequence[str]) -> ws.Workspace:
    """What to show of a sweep.

    Args:
        settings: of its runs, their entity and project named.
        metrics: whose curves, in this order.
    """
    names = hyperparameters(record)
    confirms = record.job_type == "confirm"
    columns = ["run:displayName", f"summary:{SCORE}", "summary:best_epoch", "summary:status"]
    curves = learning_curves(record, metrics)
    return ws.Workspace(
        entity=settings.entity,
        project=settings.project,
        name=f"Sweep {record.name}",
        sections=[
            _section("Confirmed settings" if confirms else "Hyperparameters", hyperparameter_charts(record)),
            _section("Learning curves", curves),
        ],
        settings=ws.WorkspaceSettings(x_axis=contract.EPOCH, max_runs=min(MOST_CURVES, record.num_samples)),
        runset_settings=ws.RunsetSettings(
            filters=runs_of(settings.group),
            order=[expr.Ordering(expr.Summary(SCORE), ascending=is_best_first_ascending(record))],
            groupby=[expr.Config(name) for name in names] if confirms else [],
            pinned_columns=[*columns, *(f"config:{name}.value" for name in names)],
        ),
    )


def _section(name: str, panels: Panels) -> ws.Section:
    return ws.Section(name=name, panels=panels, is_open=True)


def save_view(view: ws.Workspace, url: str | None) -> str:
    """Save a view: over the one at that URL if it is still there, else as a new one. Its URL.

    Raises:
        Exception: whatever W&B's packages raise when the server refuses or does not answer.
    """
    saved = _saved_view(url) if url else None
    if saved is None:
        return str(view.save().url)
    ours = {section.name for section in view.sections}
    saved.sections = [*view.sections, *(section for section in saved.sections if section.name not in ours)]
    saved.settings, saved.runset_settings = view.settings, view.runset_settings
    return str(saved.save().url)


def _saved_view(url: str) -> ws.Workspace | None:
    try:
        return ws.Workspace.from_url(url)
    except ValueError:  # deleted
        return None
