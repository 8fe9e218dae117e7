"""The sweep as Ray's guides write it, with what Ray Tune does by default and the callbacks that it ships.

    python stock.py FOLDER RUN TRIALS EPOCHS NOTES

Ray's default of one core a trial makes as many run at a time as there are cores.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from ray import tune
from ray.air.integrations.wandb import WandbLoggerCallback
from ray.tune.logger import TBXLoggerCallback

from orchestrated.trainings import GIVEN, Trainings, context


def train(config: dict[str, Any], trainings: Trainings, data: Any) -> None:
    from trainable.settings_fields import with_values
    from trainable.torch_process import set_up_torch

    if trainings.kind.uses_torch:
        set_up_torch(GIVEN)
    with tempfile.TemporaryDirectory() as workspace:
        settings = with_values(trainings.settings, config["hyperparameters"])
        run = trainings.kind.start(settings, data, context(trainings.epochs, Path(workspace)))
        for _ in range(trainings.epochs):
            metrics = dict(run.step())
            with tempfile.TemporaryDirectory() as folder:
                run.save(Path(folder))
                tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))
        run.close()


def main(folder: Path, trainings: Trainings) -> None:
    data = trainings.kind.prepare(trainings.settings)
    tuner = tune.Tuner(
        tune.with_parameters(train, trainings=trainings, data=data),
        param_space={"hyperparameters": tune.grid_search(trainings.hyperparameters)},
        tune_config=tune.TuneConfig(metric=trainings.kind.objective, mode="max"),
        run_config=tune.RunConfig(
            name=folder.name,
            storage_path=str(folder.parent),
            callbacks=[WandbLoggerCallback(project="orchestration"), TBXLoggerCallback()],
        ),
    )
    results = tuner.fit()
    sys.exit(results.num_errors)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Trainings(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
