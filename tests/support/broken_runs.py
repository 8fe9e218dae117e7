"""Kinds of run that break the protocol in one place each, and the sound one that they are made of."""

import json
import random
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from optuna.distributions import FloatDistribution

from trainable.runs import (
    DamagedCheckpoint,
    DataDescription,
    Diverged,
    Judged,
    Metric,
    Run,
    RunContext,
    RunKind,
    ScoreParts,
    WorkerContext,
)
from trainable.seeds import seed_of

OBJECTIVE = "Val/Height"
SPACE = {"rate": FloatDistribution(0.1, 0.9), "momentum": FloatDistribution(0.0, 0.9)}
PLACES: dict[int, float] = {}


@dataclass(frozen=True)
class WalkSettings:
    rate: float = 0.1
    momentum: float = 0.5


class WalkRun(Run):
    """Climbs to 1 with momentum: weights, an optimizer's state and noise, in five lines."""

    def __init__(self, settings: WalkSettings, data: np.ndarray, context: RunContext) -> None:
        self.settings, self.data, self.context = settings, data, context
        self.epoch, self.place, self.speed = 0, float(data[0]), 0.0

    def noise(self) -> float:
        return random.Random(seed_of(self.context.seed, self.epoch)).uniform(-0.1, 0.1)

    def step(self) -> dict[str, float]:
        self.epoch += 1
        if self.settings.rate > 0.8:
            raise Diverged("too fast")
        self.speed = self.settings.momentum * self.speed + self.settings.rate * (1 - self.place) + self.noise()
        self.place += self.speed
        return {OBJECTIVE: 1 - (1 - self.place) ** 2}

    def save(self, folder: Path) -> None:
        content = {"epoch": self.epoch, "place": self.place, "speed": self.speed}
        (folder / "weights").mkdir()
        (folder / "weights" / "walk.json").write_text(json.dumps(content), encoding="utf-8")

    def load(self, folder: Path) -> None:
        content = json.loads((folder / "weights" / "walk.json").read_text(encoding="utf-8"))
        self.epoch, self.place, self.speed = content["epoch"], content["place"], content["speed"]


class Walk(RunKind):
    name = "walk"
    settings_type = WalkSettings
    search_space = __file__
    run_name = "walk-{created}"
    objective = OBJECTIVE
    metrics = (Metric(OBJECTIVE, direction="max"),)
    run: type[WalkRun] = WalkRun

    def prepare(self, settings: WalkSettings) -> np.ndarray:
        return np.zeros(1000)

    def describe(self, settings: WalkSettings, data: np.ndarray) -> DataDescription:
        return DataDescription("a slope", "slope")

    def start(self, settings: WalkSettings, data: np.ndarray, context: RunContext) -> WalkRun:
        return self.run(settings, data, context)


SOUND = Walk()


class ForgetsTheOptimizer(WalkRun):
    def load(self, folder: Path) -> None:
        super().load(folder)
        self.speed = 0.0


class DrawsFromAGeneratorOfTheProcess(WalkRun):
    def noise(self) -> float:
        return random.random()


class SeedsAtItsStartAlone(WalkRun):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        random.seed(self.context.seed)

    def noise(self) -> float:
        return random.random()


class SavesByTraining(WalkRun):
    def save(self, folder: Path) -> None:
        self.speed = 0.0
        super().save(folder)


class SavesNothing(WalkRun):
    def save(self, folder: Path) -> None:
        (folder / "weights").mkdir()


class LinksIntoItsWorkspace(WalkRun):
    def save(self, folder: Path) -> None:
        own = self.context.workspace / f"{self.epoch}"
        own.mkdir()
        super().save(own)
        (folder / "weights").symlink_to(own / "weights")
        (folder / "readme.txt").touch()


class CallsAWholeCheckpointDamaged(WalkRun):
    def load(self, folder: Path) -> None:
        raise DamagedCheckpoint("no optimizer")


class RemembersInItsModule(WalkRun):
    def save(self, folder: Path) -> None:
        PLACES[self.epoch] = self.place
        super().save(folder)

    def load(self, folder: Path) -> None:
        super().load(folder)
        self.place = PLACES.get(self.epoch, 0.0)


class LeavesAThread(WalkRun):
    def close(self) -> None:
        threading.Thread(target=threading.Event().wait, name="loader", daemon=True).start()


class LeavesAProcess(WalkRun):
    def close(self) -> None:
        subprocess.Popen(["sleep", "20"])


class LeavesATemporaryFile(WalkRun):
    def close(self) -> None:
        tempfile.mkstemp("walk")


class WritesWhereItStands(WalkRun):
    def close(self) -> None:
        Path("walk.log").touch()


class WritesIntoTheData(WalkRun):
    def close(self) -> None:
        self.data[0] = 1.0


class StopsTheProgram(WalkRun):
    def close(self) -> None:
        raise SystemExit(3)


class ReportsOnceWhatItDeclares(WalkRun):
    def step(self) -> dict[str, float]:
        return {**super().step(), **({"Train/Loss": 0.0} if self.epoch == 1 else {})}


class ReportsText(WalkRun):
    def step(self) -> dict[str, Any]:
        return {**super().step(), "Train/Phase": "early"}


class IgnoresASetting(WalkRun):
    def __init__(self, settings: WalkSettings, data: np.ndarray, context: RunContext) -> None:
        super().__init__(WalkSettings(), data, context)


class IgnoresItsSeed(WalkRun):
    def noise(self) -> float:
        return 0.01 * self.epoch


class TrainsWhatIsShared(WalkRun):
    def __init__(self, settings: WalkSettings, data: np.ndarray, context: RunContext) -> None:
        super().__init__(settings, data, context)
        context.loaded[0] = self.place = context.loaded[0] + 0.1


class OnWhatIsLoaded(Walk):
    run = TrainsWhatIsShared

    def load(self, settings: WalkSettings, context: WorkerContext) -> list[float]:
        return [0.0]


class OnWhatIsLoadedForEach(OnWhatIsLoaded):
    reuses_worker = False


class FingerprintOfTheProcess(Walk):
    def describe(self, settings: WalkSettings, data: np.ndarray) -> DataDescription:
        return DataDescription("a slope", f"{hash('slope')}")


class DataThatCannotTravel(Walk):
    def prepare(self, settings: WalkSettings) -> Any:
        return threading.Lock()


class TestsOneThingAndSaysAnother(Walk):
    __test__ = False  # no test of pytest's

    def test(self, settings: WalkSettings, data: np.ndarray, context: WorkerContext, checkpoint: Path) -> Judged:
        return Judged({OBJECTIVE: 0.5}, ScoreParts("step", (0.4, 0.4), (1.0, 1.0)))


def of(run: type[WalkRun]) -> Walk:
    kind = Walk()
    kind.run = run
    return kind


BROKEN = {
    **{run.__name__: of(run) for run in WalkRun.__subclasses__() if run is not TrainsWhatIsShared},
    **{
        kind.__name__: kind()
        for kind in (OnWhatIsLoaded, FingerprintOfTheProcess, DataThatCannotTravel, TestsOneThingAndSaysAnother)
    },
}
globals().update(BROKEN)
IN_A_PROCESS_EACH = OnWhatIsLoadedForEach()
