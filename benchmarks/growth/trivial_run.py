"""A run whose epochs take no time: what is left of a sweep of it is the sweep's own work."""

import json
import math
import random
from dataclasses import dataclass
from pathlib import Path

from trainable.runs import DataDescription, Metric, Run, RunContext, RunKind

OBJECTIVE = "Val/Height"


@dataclass(frozen=True)
class TrivialSettings:
    across: float = 0.1
    along: float = 0.1
    scale: float = 1.0


class TrivialRun(Run):
    """Nears the height of a hill at its place, epoch by epoch."""

    def __init__(self, settings: TrivialSettings, seed: int) -> None:
        self._settings, self._seed, self._epoch = settings, seed, 0

    def step(self) -> dict[str, float]:
        self._epoch += 1
        settings = self._settings
        height = math.exp(-((settings.across - 0.7) ** 2) - (settings.along - 0.3) ** 2)
        height -= 0.05 * math.log10(settings.scale) ** 2
        noise = random.Random(f"{self._seed}/{self._epoch}").uniform(-0.01, 0.01)
        return {OBJECTIVE: height * (1 - math.exp(-self._epoch)) + noise, "Train/Loss": 1 / self._epoch}

    def save(self, folder: Path) -> None:
        (folder / "epoch.json").write_text(json.dumps(self._epoch), encoding="utf-8")

    def load(self, folder: Path) -> None:
        self._epoch = json.loads((folder / "epoch.json").read_text(encoding="utf-8"))


class Trivial(RunKind):
    name = "trivial"
    settings_type = TrivialSettings
    search_space = str(Path(__file__).with_name("trivial_space.py"))
    run_name = "trivial-{across:.2f}-{created}"
    objective = OBJECTIVE
    uses_torch = False
    metrics = (Metric(OBJECTIVE, "height", "max"),)

    def describe(self, settings: TrivialSettings, data: None) -> DataDescription:
        return DataDescription("a hill with its top at 0.7, 0.3, 1", "hill")

    def start(self, settings: TrivialSettings, data: None, context: RunContext) -> TrivialRun:
        return TrivialRun(settings, context.seed)


KIND = Trivial()
