"""The quadratic run, whose trials fail as they are told to: one sweep has a trial for each way to fail."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from quadratic_run import Quadratic, QuadraticRun, QuadraticSettings

from trainable.runs import Diverged, RunContext

FAILING = ("--run", "failing_run:KIND")
FATE_EPOCH = 3


@dataclass(frozen=True)
class FailingSettings(QuadraticSettings):
    fates: str = field(default="", metadata={"help": "what happens to trial 0, 1, ... in its epoch 3, by commas"})
    memory: str = field(default="", metadata={"help": "a folder; once 'mended' lies in it, nothing happens any more"})


class FailingRun(QuadraticRun):
    def __init__(self, settings: FailingSettings, context: RunContext) -> None:
        super().__init__(settings, context.seed)
        self._trial, self._memory = context.workspace.parent, Path(settings.memory)
        fates = dict(enumerate(settings.fates.split(",")))
        number = int(self._trial.name.removeprefix("trial_"))
        self._fate = "" if (self._memory / "mended").exists() else fates.get(number, "")

    def step(self) -> dict[str, float]:
        if self._is_met(self._epoch + 1):
            self._meet()
        return super().step()

    def _is_met(self, epoch: int) -> bool:
        return epoch == FATE_EPOCH

    def _meet(self) -> None:
        match self._fate:
            case "error":
                raise ValueError(f"target {self._settings.target:.2f} is out of reach")
            case "exit":
                sys.exit(3)
            case "full":
                Path("/dev/full").write_text("a disk of the run's own, not the sweep's", encoding="utf-8")
            case "interrupt":
                raise KeyboardInterrupt("a library's own")
            case "device":
                import torch

                raise torch.AcceleratorError("CUDA error: device-side assert triggered")
            case "diverged":
                raise Diverged("place is nan")
            case "starved":
                raise MemoryError("a walker this hungry cannot share")
            case "hungry" if self._is_first_time():
                raise MemoryError("a walker this hungry cannot share")
            case "killed" if self._is_first_time():
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_first_time(self) -> bool:
        seen = self._memory / self._trial.name
        is_first = not seen.exists()
        seen.touch()
        return is_first

    def save(self, folder: Path) -> None:
        fate = self._fate if self._is_met(self._epoch) else ""
        if fate == "save":
            raise LookupError("no weights to save")
        if fate != "unsaved":
            super().save(folder)

    def close(self) -> None:
        if self._fate == "close":
            raise RuntimeError("the walker will not go")


class Failing(Quadratic):
    name = "failing"
    settings_type = FailingSettings

    def start(self, settings: FailingSettings, data: None, context: RunContext) -> FailingRun:  # type: ignore[override]
        return FailingRun(settings, context)


KIND = Failing()
