"""What both stacks train: a walker on a parabola that notes every epoch it has trained in a log of its own.

The log is what the stacks' records are held against: neither of them writes or reads it.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from quadratic_run import OBJECTIVE, Quadratic, QuadraticRun, QuadraticSettings

from fidelity.shape import NUM_EPOCHS
from trainable.runs import RunContext

METRIC, MODE = OBJECTIVE, "max"

Hyperparameters = tuple[float, float]
"""(target, rate): by these a trial is known in both stacks."""
Point = tuple[int, float]
"""An epoch and the metric after it."""
Curves = Mapping[Hyperparameters, list[Point]]
"""What a view shows of each trial, in the order in which it holds it."""


class TrainedEpoch(NamedTuple):
    """A line of the log."""

    target: float
    rate: float
    epoch: int
    seconds: float
    pid: int

    @property
    def trial(self) -> Hyperparameters:
        return self.target, self.rate


@dataclass(frozen=True)
class LoggedSettings(QuadraticSettings):
    log: str = field(default="", metadata={"help": "a file; gets a line when an epoch has been trained"})


class LoggedRun(QuadraticRun):
    def step(self) -> dict[str, float]:
        started = time.perf_counter()
        metrics = super().step()
        settings = self._settings
        trained = TrainedEpoch(settings.target, settings.rate, self._epoch, time.perf_counter() - started, os.getpid())
        with Path(settings.log).open("a", encoding="utf-8") as file:
            file.write(json.dumps(trained) + "\n")
        return metrics


class Logged(Quadratic):
    settings_type = LoggedSettings

    def start(self, settings: LoggedSettings, data: None, context: RunContext) -> LoggedRun:
        return LoggedRun(settings, context.seed)


KIND = Logged()


def trained_epochs(log: Path) -> list[TrainedEpoch]:
    """Every epoch that was trained, in order; one that was trained again stands there again."""
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
    return [TrainedEpoch(*json.loads(line)) for line in lines if line.endswith("\n")]


def true_metric(trial: Hyperparameters, seed: int, epoch: int) -> float:
    """The metric after an epoch of a training that nobody interrupts."""
    return _uninterrupted(trial, seed)[epoch - 1]


@cache
def _uninterrupted(trial: Hyperparameters, seed: int) -> tuple[float, ...]:
    target, rate = trial
    run = QuadraticRun(QuadraticSettings(target=target, rate=rate), seed)
    return tuple(run.step()[METRIC] for _ in range(NUM_EPOCHS))
