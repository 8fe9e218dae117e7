"""The charts that W&B draws of a sweep's runs: of a search by hyperparameter, of finalists by setting, and curves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr

from results.record.space import is_log
from results.record.sweeps import SweepRecord
from results.trackers.wandb_settings import SCORE, at_best_epoch
from trainable import contract

MOST_CURVES = 100

Panels = list[Any]
"""Of wandb-workspaces, which is untyped here."""


@dataclass(frozen=True)
class Part:
    """Runs of a sweep that are shown together."""

    record: SweepRecord
    confirms: bool
    """Whether they are of settings that were chosen, under fresh seeds."""
    is_all: bool
    """Whether the sweep has, and will have, no other runs."""

    @property
    def title(self) -> str:
        return f"Sweep {self.record.name}" + (", finalists" if self.confirms and not self.is_all else "")


def parts_of(record: SweepRecord) -> list[Part]:
    """The trials of a search, and its finalists where it has any or will have; those of a confirming sweep."""
    if record.job_type == "confirm":
        return [Part(record, confirms=True, is_all=True)]
    if not record.replicate_numbers and not record.settings["replicate"]:
        return [Part(record, confirms=False, is_all=True)]
    return [Part(record, confirms=False, is_all=False), Part(record, confirms=True, is_all=False)]


def curve_metrics(record: SweepRecord, reported: Iterable[str]) -> list[str]:
    """The sweep's metric and its group, then the others group by group, as the kind declares them or as they came."""
    found = list(filter(contract.is_metric, reported))
    declared = [name for name in record.metrics if name in found]
    names = dict.fromkeys([record.metric, *declared, *found])
    groups = list(dict.fromkeys(record.described(name).group for name in names))
    return sorted(names, key=lambda name: groups.index(record.described(name).group))


def charts_of(part: Part, metrics: Sequence[str]) -> dict[str, Panels]:
    """By their title: how the score depends on the hyperparameters, or the score of each confirmed setting; curves."""
    if part.confirms:
        bars = wr.BarPlot(title=f"{SCORE}: mean over seeds", metrics=[SCORE], **_band_over_seeds(part))
        return {"Confirmed settings": [bars], "Learning curves": _learning_curves(part, metrics)}
    return {
        **_objective_charts(part.record),
        "Hyperparameters": _hyperparameter_charts(part.record),
        "Learning curves": _learning_curves(part, metrics),
    }


def _objective_charts(record: SweepRecord) -> dict[str, Panels]:
    """Each further objective beside the first one."""
    across, *others = map(at_best_epoch, record.objective.metrics)
    plots = [
        wr.ScatterPlot(title=f"{up} by {across}", x=wr.SummaryMetric(across), y=wr.SummaryMetric(up)) for up in others
    ]
    return {"What is traded for what": plots} if plots else {}


def _hyperparameter_charts(record: SweepRecord) -> Panels:
    names = hyperparameters(record)
    axes = [wr.ParallelCoordinatesPlotColumn(wr.Config(name), log=is_log(record.space, name)) for name in names]
    scatters = [
        wr.ScatterPlot(
            title=f"{SCORE} by {name}", x=wr.Config(name), y=wr.SummaryMetric(SCORE), log_x=is_log(record.space, name)
        )
        for name in names
    ]
    return [
        wr.ParallelCoordinatesPlot(columns=[*axes, wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(SCORE))]),
        wr.ParameterImportancePlot(with_respect_to=SCORE),
        *scatters,
    ]


def _learning_curves(part: Part, metrics: Sequence[str]) -> Panels:
    """One plot a metric, over the epochs."""
    most_curves = min(MOST_CURVES, part.record.num_samples)
    return [
        wr.LinePlot(
            title=name, x=contract.EPOCH, y=[name], title_x="epoch", max_runs_to_show=most_curves,
            smoothing_type="none", **_band_over_seeds(part),
        )
        for name in metrics
    ]  # fmt: skip


def _band_over_seeds(part: Part) -> dict[str, str]:
    return {"groupby_aggfunc": "mean", "groupby_rangefunc": "minmax"} if part.confirms else {}


def hyperparameters(record: SweepRecord) -> list[str]:
    """What is searched, and what else its trials differ in but their seed."""
    return list(dict.fromkeys([*record.space, *(name for trial in record.trials for name in trial.setting)]))
