"""A second kind of run, as small as the protocol allows: nothing in tune/ or results/ knows of it.

A walker climbs towards the top of a parabola; where it stands after an epoch depends on all epochs before, so a resume
that loses or repeats one is seen in the numbers. Settings make it slow, or make it fail, where a test needs that.
"""

import json
import math
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from trainable.contract import UserError
from trainable.runs import Baseline, DataDescription, Diverged, Metric, Run, RunContext, RunKind

OBJECTIVE = "Val/Height"


@dataclass(frozen=True)
class QuadraticSettings:
    epoch_ms: float = field(default=0.0, metadata={"help": "how long an epoch takes (ms)"})
    gate: str = field(default="", metadata={"help": "a file; until it exists, no trial goes beyond the gate's epoch"})
    gate_epoch: int = field(default=0, metadata={"help": "how many epochs a trial may run before the gate opens"})
    fail_above: float = field(default=math.inf, metadata={"help": "trials with a larger target raise an error"})
    fail_epoch: int = field(default=1, metadata={"help": "the epoch in which they do"})
    fail_how: str = field(
        default="", metadata={"help": "interrupt, save, unsaved, device or close, where not by an error"}
    )
    mended_by: str = field(default="", metadata={"help": "a file; once it exists, no trial raises an error"})
    exit_below: float = field(default=-math.inf, metadata={"help": "trials with a smaller target call sys.exit"})
    full_above: float = field(default=math.inf, metadata={"help": "trials with a larger target write to a full disk"})
    hungry_above: float = field(default=math.inf, metadata={"help": "trials with a larger target need much memory"})
    memory: str = field(default="", metadata={"help": "a folder; a hungry trial that was here before has enough"})
    diverge_below: float = field(
        default=-math.inf, metadata={"help": "trials with a smaller target diverge at epoch 2"}
    )
    reach: float = field(default=math.inf, metadata={"help": "the most that target and rate may be together"})
    target: float = 0.1
    rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise UserError(f"rate is {self.rate}; it must be above 0 and at most 1")


class QuadraticRun(Run):
    def __init__(self, settings: QuadraticSettings, seed: int) -> None:
        self._settings, self._seed = settings, seed
        self._epoch, self._place, self._fails_how = 0, 0.0, ""

    def step(self) -> dict[str, float]:
        self._epoch += 1
        settings = self._settings
        time.sleep(settings.epoch_ms / 1000)
        if settings.gate and self._epoch > settings.gate_epoch:
            wait_for(Path(settings.gate))
        mended = bool(settings.mended_by) and Path(settings.mended_by).exists()
        fails = settings.target > settings.fail_above and self._epoch == settings.fail_epoch and not mended
        how = self._fails_how = settings.fail_how if fails else ""
        if fails and not how:
            raise ValueError(f"target {settings.target:.2f} is out of reach")
        if how == "interrupt":
            raise KeyboardInterrupt("a library's own")
        if how == "device":
            import torch

            raise torch.AcceleratorError("CUDA error: device-side assert triggered")
        if settings.target < settings.exit_below and self._epoch == settings.fail_epoch:
            sys.exit(3)
        if settings.target > settings.full_above and self._epoch == settings.fail_epoch:
            Path("/dev/full").write_text("a disk of the run's own, not the sweep's", encoding="utf-8")
        if settings.target > settings.hungry_above and self._epoch == 2:
            self._need_memory()
        if settings.target < settings.diverge_below and self._epoch == 2:
            raise Diverged("place is nan")
        noise = random.Random(f"{self._seed}/{self._epoch}").uniform(-0.05, 0.05)
        self._place += settings.rate * (settings.target - self._place) + noise
        return {OBJECTIVE: 1.0 - (self._place - 0.7) ** 2, "Train/Place": self._place}

    def _need_memory(self) -> None:
        seen = Path(self._settings.memory) / f"{self._settings.target}"
        if not self._settings.memory or not seen.exists():
            if self._settings.memory:
                seen.touch()
            raise MemoryError("a walker this hungry cannot share")

    def samples(self) -> list[dict[str, str | float]]:
        height = 1.0 - (self._place - 0.7) ** 2
        return [
            {"prompt": prompt, "answer": f"{self._place:.3f} <script>up()</script>", "height": height}
            for prompt in ("where | is *the* top?\n& how high", "# and now?")
        ]

    def save(self, folder: Path) -> None:
        if self._fails_how == "unsaved":
            return
        if self._fails_how == "save":
            raise LookupError("no weights to save")
        (folder / "map").mkdir()
        (folder / "map" / "parabola.txt").write_text("top at 0.7", encoding="utf-8")
        (folder / "walker.json").write_text(json.dumps({"epoch": self._epoch, "place": self._place}), encoding="utf-8")

    def load(self, folder: Path) -> None:
        content = json.loads((folder / "walker.json").read_text(encoding="utf-8"))
        self._epoch, self._place = content["epoch"], content["place"]

    def close(self) -> None:
        if self._fails_how == "close":
            raise RuntimeError("the walker will not go")


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


class Quadratic(RunKind):
    name = "quadratic"
    settings_type = QuadraticSettings
    search_space = str(Path(__file__).with_name("quadratic_space.py"))
    run_name = "quadratic-{target:.2f}-{created}"
    objective = OBJECTIVE
    uses_torch = False
    metrics = (Metric(OBJECTIVE, "height", "max"), Metric("Train/Place", "place", "min"))

    def check(self, settings: QuadraticSettings) -> None:
        together = settings.target + settings.rate
        if together > settings.reach:
            raise UserError(f"target and rate are {together:.3f} together; that must be at most {settings.reach:g}")

    def describe(self, settings: QuadraticSettings, data: None) -> DataDescription:
        return DataDescription("a parabola with its top at 0.7", "parabola", (Baseline("flat", 0.5, 0.4, 0.6),))

    def start(self, settings: QuadraticSettings, data: None, context: RunContext) -> QuadraticRun:
        return QuadraticRun(settings, context.seed)


KIND = Quadratic()
