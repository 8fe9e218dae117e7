"""The run protocol: all that a sweep knows of what it trains.

A sweep asks a `RunKind` what there is to know before any trial (its settings, its metrics, its data), hands the data to
the workers once, and lets each trial `start` a `Run` there, or go on with it at a checkpoint. Nothing else crosses this
seam. A kind of run of your own imports what it needs from here.
"""

from trainable.runs.description import DataDescription
from trainable.runs.gpu_use import GpuUse
from trainable.runs.protocol import DamagedCheckpoint, Diverged, Run, RunContext, RunKind, WorkerContext
from trainable.score_parts import Baseline, Curve, Details, Figure, Judged, Metric, ScoreParts

__all__ = [
    "Baseline",
    "Curve",
    "DamagedCheckpoint",
    "DataDescription",
    "Details",
    "Diverged",
    "Figure",
    "GpuUse",
    "Judged",
    "Metric",
    "Run",
    "RunContext",
    "RunKind",
    "ScoreParts",
    "WorkerContext",
]
