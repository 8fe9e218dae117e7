"""A sweep's charts at W&B, the same in its saved view and in its report.

Every chart is of the run's summary `score` (the objective at the best epoch) or of the curves. Of a sweep that
confirms, the runs are grouped by their hyperparameters: the seeds of one setting are one curve, in a band from the
lowest to the highest.
"""

from collections.abc import Iterable
from typing import Any

import wandb_workspaces.reports.v2 as wr
from wandb_workspaces import expr

from results.record.space import is_log
from results.record.sweeps import SweepRecord
from trainable import contract

SCORE = "score"
MOST_CURVES = 100
EXPECTED_METRICS = (
    contract.VAL_IN_BUDGET_ACCURACY,
    contract.VAL_ACCURACY_MEAN,
    contract.VAL_LATENCY_MEAN,
    contract.VAL_VIOLATION_RATE,
    contract.VAL_REWARD_MEAN,
    contract.VAL_ORACLE_GAP,
    contract.TRAIN_LOSS,
    contract.TRAIN_REWARD_MEAN,
    contract.TRAIN_REWARD_STD,
    contract.TRAIN_ACCURACY_MEAN,
    contract.TRAIN_ACCURACY_STD,
    contract.TRAIN_LATENCY_MEAN,
    contract.TRAIN_LATENCY_STD,
    contract.TRAIN_VIOLATION_RATE,
    contract.TRAIN_ENTROPY,
    contract.TRAIN_ZERO_VARIANCE_GROUPS,
)
"""Until a run has reported what it measures."""

Panels = list[Any]
"""Of wandb-workspaces, which is untyped here."""


def hyperparameters(record: SweepRecord) -> list[str]:
    """What is searched, and what else its trials differ in but their seed."""
    return list(dict.fromkeys([*record.space, *(name for trial in record.trials for name in trial.setting)]))


def curve_metrics(objective: str, reported: Iterable[str]) -> list[str]:
    """The objective, then validation, then training."""
    reported = list(reported)
    ordered = [name for prefix in ("Val/", "Train/") for name in reported if name.startswith(prefix)]
    return list(dict.fromkeys([objective, *ordered]))


def metrics_of(record: SweepRecord) -> list[str]:
    """Metrics that its trials have reported; as long as none has, those that are expected."""
    reported = dict.fromkeys(name for trial in record.trials for row in trial.rows[:1] for name in row)
    return curve_metrics(record.metric, reported or EXPECTED_METRICS)


def runs_of(group: str | None) -> expr.And:
    """The filter that leaves the sweep's own runs."""
    return expr.And(expr.Metric("Group") == group)


def is_best_first_ascending(record: SweepRecord) -> bool:
    return record.mode == "min"


def hyperparameter_charts(record: SweepRecord) -> Panels:
    """How the score depends on the hyperparameters; of a sweep that confirms, the score of each setting."""
    if record.job_type == "confirm":
        return [
            wr.BarPlot(
                title=f"{SCORE}: mean over seeds", metrics=[SCORE], groupby_aggfunc="mean", groupby_rangefunc="minmax"
            )
        ]
    names = hyperparameters(record)
    axes = [wr.ParallelCoordinatesPlotColumn(wr.Config(name), log=is_log(record.space, name)) for name in names]
    return [
        wr.ParallelCoordinatesPlot(columns=[*axes, wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(SCORE))]),
        wr.ParameterImportancePlot(with_respect_to=SCORE),
        *(
            wr.ScatterPlot(
                title=f"{SCORE} by {name}",
                x=wr.Config(name),
                y=wr.SummaryMetric(SCORE),
                log_x=is_log(record.space, name),
            )
            for name in names
        ),
    ]


def learning_curves(record: SweepRecord, metrics: Iterable[str]) -> Panels:
    """One plot a metric, over the epochs."""
    confirms = record.job_type == "confirm"
    return [
        wr.LinePlot(
            title=name,
            x=contract.EPOCH,
            y=[name],
            title_x="epoch",
            max_runs_to_show=min(MOST_CURVES, record.num_samples),
            smoothing_type="none",
            groupby_aggfunc="mean" if confirms else None,
            groupby_rangefunc="minmax" if confirms else None,
        )
        for name in metrics
    ]
