"""A second kind of run, as small as the protocol allows: nothing in tune/ or results/ knows of it.

A walker climbs towards the top of a parabola; where it stands after an epoch depends on all epochs before, so a resume
that loses or repeats one is seen in the numbers. Settings make it slow where a test needs that.
"""

import json
import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from trainable.contract import UserError
from trainable.runs import Baseline, DataDescription, Metric, Run, RunContext, RunKind

OBJECTIVE = "Val/Height"


@dataclass(frozen=True)
class QuadraticSettings:
    epoch_ms: float = field(default=0.0, metadata={"help": "how long an epoch takes (ms)"})
    gate: str = field(default="", metadata={"help": "a file; until it exists, no trial goes beyond the gate's epoch"})
    gate_epoch: int = field(default=0, metadata={"help": "how many epochs a trial may run before the gate opens"})
    reach: float = field(default=math.inf, metadata={"help": "the most that target and rate may be together"})
    target: float = 0.1
    rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise UserError(f"rate is {self.rate}; it must be above 0 and at most 1")


class QuadraticRun(Run):
    def __init__(self, settings: QuadraticSettings, seed: int) -> None:
        self._settings, self._seed = settings, seed
        self._epoch, self._place = 0, 0.0

    def step(self) -> dict[str, float]:
        self._epoch += 1
        settings = self._settings
        time.sleep(settings.epoch_ms / 1000)
        if settings.gate and self._epoch > settings.gate_epoch:
            wait_for(Path(settings.gate))
        noise = random.Random(f"{self._seed}/{self._epoch}").uniform(-0.05, 0.05)
        self._place += settings.rate * (settings.target - self._place) + noise
        return {OBJECTIVE: 1.0 - (self._place - 0.7) ** 2, "Train/Place": self._place}

    def samples(self) -> list[dict[str, str | float]]:
        height = 1.0 - (self._place - 0.7) ** 2
        return [
            {"prompt": prompt, "answer": f"{self._place:.3f} <script>up()</script>", "height": height}
            for prompt in ("where | is *the* top?\n& how high", "# and now?")
        ]

    def save(self, folder: Path) -> None:
        (folder / "map").mkdir()
        (folder / "map" / "parabola.txt").write_text("top at 0.7", encoding="utf-8")
        (folder / "walker.json").write_text(json.dumps({"epoch": self._epoch, "place": self._place}), encoding="utf-8")

    def load(self, folder: Path) -> None:
        content = json.loads((folder / "walker.json").read_text(encoding="utf-8"))
        self._epoch, self._place = content["epoch"], content["place"]


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
