"""The sweep as Ray's guides write it: Tuner, OptunaSearch, ASHA, and the callbacks that Ray ships.

    python stock_sweep.py FOLDER SEED LOG

begins the sweep FOLDER, or goes on with it by `Tuner.restore`, as a script that is simply started again would. Saved
after every epoch, and failed trials are taken up again: everything that the guides recommend against interruptions.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from quadratic_space import SPACE
from ray import tune
from ray.air.integrations.wandb import WandbLoggerCallback
from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback, TBXLoggerCallback
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.search import ConcurrencyLimiter
from ray.tune.search.optuna import OptunaSearch

from fidelity.logged_run import METRIC, MODE, LoggedRun, LoggedSettings
from fidelity.shape import EPOCH_MS, GRACE_PERIOD, NUM_EPOCHS, NUM_SAMPLES, PROJECT, REDUCTION_FACTOR


class Walk(tune.Trainable):  # type: ignore[misc]
    def setup(self, config: dict[str, Any], settings: LoggedSettings, seed: int) -> None:
        self._run = LoggedRun(dataclasses.replace(settings, **config), seed)

    def step(self) -> dict[str, float]:
        return self._run.step()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        self._run.save(Path(checkpoint_dir))

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        self._run.load(Path(checkpoint_dir))


def main(folder: Path, seed: int, log: str) -> None:
    settings = LoggedSettings(epoch_ms=EPOCH_MS, log=log)
    trainable = tune.with_resources(tune.with_parameters(Walk, settings=settings, seed=seed), {"cpu": 1})
    if tune.Tuner.can_restore(str(folder)):
        tune.Tuner.restore(str(folder), trainable, resume_unfinished=True, resume_errored=True).fit()
        return
    search = OptunaSearch(
        SPACE, METRIC, MODE, points_to_evaluate=[{name: getattr(settings, name) for name in SPACE}], seed=seed
    )
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=ConcurrencyLimiter(search, max_concurrent=1),
            scheduler=AsyncHyperBandScheduler(
                metric=METRIC,
                mode=MODE,
                max_t=NUM_EPOCHS,
                grace_period=GRACE_PERIOD,
                reduction_factor=REDUCTION_FACTOR,
            ),
            num_samples=NUM_SAMPLES,
        ),
        run_config=tune.RunConfig(
            name=folder.name,
            storage_path=str(folder.parent),
            stop={"training_iteration": NUM_EPOCHS},
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=1, checkpoint_at_end=True),
            failure_config=tune.FailureConfig(max_failures=3),
            callbacks=[
                JsonLoggerCallback(),
                CSVLoggerCallback(),
                TBXLoggerCallback(),
                WandbLoggerCallback(project=PROJECT, group=folder.name),
            ],
            verbose=0,
        ),
    )
    tuner.fit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
