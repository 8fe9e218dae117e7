"""Optuna alone, as its guide to parallel optimisation has it: processes that share a study in a journal file.

python pool.py FOLDER RUN TRIALS EPOCHS NOTES PROCESSES
"""

import multiprocessing
import sys
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from orchestrated.trainings import SEED, Trainings


def work(folder: Path, trainings: Trainings, num_trials: int) -> None:
    """What each process does: so many of the trials."""
    from orchestrated.tracking import prepare, train

    data = prepare(trainings)
    example = trainings.hyperparameters[0]

    def objective(trial: optuna.Trial) -> float:
        hyperparameters = {name: _suggested(trial, name, value) for name, value in example.items()}
        best = float("-inf")
        scores = train(trainings, data, hyperparameters, folder / f"trial_{trial.number:05d}")
        for epoch, score in enumerate(scores, start=1):
            trial.report(score, epoch)
            best = max(best, score)
        return best

    optuna.load_study(study_name=folder.name, storage=_storage(folder)).optimize(objective, num_trials)


def _suggested(trial: optuna.Trial, name: str, like: Any) -> Any:
    """The value that was enqueued: of the ranges nothing is drawn."""
    if isinstance(like, int):
        return trial.suggest_int(name, 1, 64)
    return trial.suggest_float(name, 1e-9, 100.0)


def _storage(folder: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(folder / "journal.log")))


def begin(folder: Path, trainings: Trainings) -> None:
    """Make the study, with the trials that are to be done."""
    folder.mkdir()
    study = optuna.create_study(
        study_name=folder.name, storage=_storage(folder), direction="maximize", sampler=RandomSampler(SEED)
    )
    for hyperparameters in trainings.hyperparameters:
        study.enqueue_trial(hyperparameters)


def main(folder: Path, trainings: Trainings, processes: int) -> None:
    begin(folder, trainings)
    start = multiprocessing.get_context("spawn")
    shares = [len(range(first, trainings.trials, processes)) for first in range(processes)]
    workers = [start.Process(target=work, args=(folder, trainings, share)) for share in shares if share]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(max(abs(worker.exitcode or 0) for worker in workers))


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main(
        Path(sys.argv[1]),
        Trainings(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]),
        int(sys.argv[6]),
    )
