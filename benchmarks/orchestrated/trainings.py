"""The trainings that each way runs: the same settings, and a run that notes how long each of its epochs took.

The notes are what the ways are held against: none of them reads them.
"""

import dataclasses
import json
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from quadratic_run import Quadratic, QuadraticSettings

from trainable.grpo.joint_controller import JointController
from trainable.grpo.settings import GRPOSettings
from trainable.runs import Run, RunContext, RunKind, WorkerContext
from trainable.score_parts import Details

SEED = 0
GIVEN = WorkerContext(num_threads=1, devices=("cpu",), memory_share=1.0)
"""What each process that trains has."""


class Note(NamedTuple):
    """An epoch that was trained."""

    began_at: float
    """As `time.time` says, in all processes alike."""
    seconds: float
    cpu_seconds: float
    """Of the thread that trains, alone."""


class NotedRun(Run):
    """A run that notes each of its epochs."""

    def __init__(self, run: Run, notes: str) -> None:
        self._run, self._notes = run, Path(notes)

    def step(self) -> Mapping[str, float]:
        began_at, began, cpu = time.time(), time.perf_counter(), time.thread_time()
        metrics = self._run.step()
        note = Note(began_at, time.perf_counter() - began, time.thread_time() - cpu)
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")
        return metrics

    def save(self, folder: Path) -> None:
        self._run.save(folder)

    def load(self, folder: Path) -> None:
        self._run.load(folder)

    def close(self) -> None:
        self._run.close()

    def samples(self) -> Sequence[Mapping[str, str | float]]:
        return self._run.samples()

    def details(self) -> Details | None:
        return self._run.details()


def _notes() -> Any:
    return field(default="", metadata={"help": "a file; gets a line when an epoch has been trained"})


@dataclass(frozen=True)
class ControllerSettings(GRPOSettings):
    notes: str = _notes()


class Controller(JointController):
    """The sweep's own default."""

    settings_type = ControllerSettings

    def start(self, settings: ControllerSettings, data: Any, context: RunContext) -> NotedRun:  # type: ignore[override]
        return NotedRun(super().start(settings, data, context), settings.notes)


@dataclass(frozen=True)
class ParabolaSettings(QuadraticSettings):
    notes: str = _notes()


class Parabola(Quadratic):
    """Epochs that take no time, and no torch."""

    settings_type = ParabolaSettings

    def start(self, settings: ParabolaSettings, data: None, context: RunContext) -> NotedRun:  # type: ignore[override]
        return NotedRun(super().start(settings, data, context), settings.notes)


CONTROLLER, PARABOLA = Controller(), Parabola()


def context(epochs: int, workspace: Path) -> RunContext:
    """What a training is given where no sweep gives it."""
    return RunContext(**dataclasses.asdict(GIVEN), seed=SEED, num_epochs=epochs, workspace=workspace)


class Trainings(NamedTuple):
    """What is to be trained."""

    run: str
    """The kind's name in this module."""
    trials: int
    epochs: int
    notes: str

    @property
    def kind(self) -> RunKind:
        kind: RunKind = globals()[self.run]
        return kind

    @property
    def settings(self) -> Any:
        """What all of them share."""
        return self.kind.settings_type(notes=self.notes)

    @property
    def hyperparameters(self) -> list[dict[str, Any]]:
        """One trial's after the other; the first has the starting values, as a sweep's first trial."""
        dice, settings = random.Random(SEED), self.settings
        if self.run == "PARABOLA":
            drawn = [{"target": dice.random(), "rate": dice.uniform(0.1, 0.9)} for _ in range(self.trials)]
        else:
            drawn = [
                {
                    "lr": _between(dice, 1e-5, 1e-2),
                    "group_size": round(_between(dice, 2, 32)),
                    "budget_penalty": _between(dice, 0.1, 10),
                }
                for _ in range(self.trials)
            ]
        return [{name: getattr(settings, name) for name in drawn[0]}, *drawn[1:]]


def _between(dice: random.Random, low: float, high: float) -> float:
    return math.exp(dice.uniform(math.log(low), math.log(high)))


def read_notes(file: Path) -> list[Note]:
    """In the order in which the epochs ended."""
    return [Note(*json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
