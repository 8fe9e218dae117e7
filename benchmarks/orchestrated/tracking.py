"""One training without a sweep: its epochs, recorded as a script of one's own would, by what each library's guide says.

result.json, TensorBoard, W&B and a checkpoint after every epoch: what the sweeps beside it record, too.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import wandb
from torch.utils.tensorboard import SummaryWriter

from orchestrated.trainings import GIVEN, Trainings, context
from trainable.settings_fields import with_values
from trainable.torch_process import set_up_torch


def prepare(trainings: Trainings) -> Any:
    """What all trainings of a process need, once: their data."""
    set_up_torch(GIVEN)
    return trainings.kind.prepare(trainings.settings)


def train(trainings: Trainings, data: Any, hyperparameters: Mapping[str, Any], folder: Path) -> Iterator[float]:
    """Train and record; the objective after each epoch."""
    folder.mkdir(parents=True)
    kind = trainings.kind
    with (
        tempfile.TemporaryDirectory() as workspace,
        (folder / "result.json").open("a", encoding="utf-8") as results,
        SummaryWriter(str(folder)) as events,
        wandb.init(project="orchestration", dir=folder, name=folder.name, config=dict(hyperparameters)) as run,
    ):
        settings = with_values(trainings.settings, hyperparameters)
        training = kind.start(settings, data, context(trainings.epochs, Path(workspace)))
        for epoch in range(1, trainings.epochs + 1):
            metrics = dict(training.step())
            checkpoint = folder / f"checkpoint_{epoch:06d}"
            checkpoint.mkdir()
            training.save(checkpoint)
            results.write(json.dumps({"training_iteration": epoch, **metrics}) + "\n")
            results.flush()
            for name, value in metrics.items():
                events.add_scalar(name, value, epoch)
            run.log(metrics, step=epoch)
            yield metrics[kind.objective]
        training.close()
