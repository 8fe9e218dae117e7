"""Hands trials to the W&B callback as Ray would, without Ray: python drive_callback.py FOLDER TRIALS MODE [SETTINGS]

Offline, of more than two trials, prints after every tenth one that W&B has what the process and wandb-core hold.
SETTINGS, as JSON, are the sweep's. What W&B lacks at the end is the error.
"""

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from made_up_sweep import METRIC, write_sweep

from results.record.sweeps import read_sweep
from results.record.trial.log import write_params
from results.record.trial.promotions import Promotion, add_promotion
from results.trackers.wandb_client import prepare_wandb
from trainable import contract
from tune.callbacks.recorder import Recorder
from tune.callbacks.wandb_runs import SweepWandbCallback
from tune.engine.ray_trials import number_of

EPOCHS = 3
AT_A_TIME = 2


def main(arguments: list[str]) -> int:
    """The exit status."""
    folder, trials, mode = Path(arguments[0]), int(arguments[1]), arguments[2]
    lacks = drive(folder, trials, mode, json.loads(arguments[3]) if len(arguments) > 3 else {})
    if lacks:
        print(lacks, file=sys.stderr)
    return 1 if lacks else 0


def drive_pausing(folder: Path, trials: int, mode: str) -> str | None:
    """Each pauses after its first epoch, and all go on when all have; what W&B lacks at the end."""
    prepare_wandb()
    record = read_sweep(write_sweep(folder, [], wandb_project="many", wandb_entity=None))
    recorder = Recorder(record)
    callback = SweepWandbCallback(record, recorder, mode, say=print)
    callback.begin()
    for epochs in ((1,), (2, 3)):
        for trial in [_trial(folder, number) for number in range(trials)]:
            of_trial = folder / trial.storage.trial_dir_name
            if epochs != (1,):
                add_promotion(of_trial, Promotion(1, trials))
            callback.log_trial_start(trial)
            for epoch in epochs:
                if epoch == 1:
                    recorder.pauses[number_of(trial)] = contract.RUNG
                _run_epoch(of_trial, trial, epoch, recorder, callback)
            recorder.on_trial_complete(0, [], trial)
            callback.log_trial_end(trial)
    callback.end()
    return callback.unavailable


def drive(folder: Path, trials: int, mode: str, settings: dict[str, Any]) -> str | None:
    """What W&B lacks at the end."""
    prepare_wandb()
    write_sweep(folder, [], **{"wandb_project": "many", "wandb_entity": None} | settings)
    record = read_sweep(folder)
    recorder = Recorder(record)
    callback = SweepWandbCallback(record, recorder, mode, say=print)
    callback.begin()
    for first in range(0, trials, AT_A_TIME):
        together = [_trial(folder, number) for number in range(first, min(first + AT_A_TIME, trials))]
        for trial in together:
            callback.log_trial_start(trial)
        for epoch in range(1, EPOCHS + 1):
            for trial in together:
                _run_epoch(folder / trial.storage.trial_dir_name, trial, epoch, recorder, callback)
        for trial in together:
            recorder.on_trial_complete(0, [], trial)
            callback.log_trial_end(trial)
        if first % 10 == 0 and mode == "offline" and trials > AT_A_TIME:
            # Not faster than W&B: as a sweep's trials would not be.
            _wait_for(folder / together[-1].storage.trial_dir_name / ".wandb_epochs")
            print(json.dumps(_held()), flush=True)
    callback.end()
    if callback.not_told:
        print(f"not told: {callback.not_told}")
    return callback.unavailable


def _trial(folder: Path, number: int) -> Any:
    """What the callbacks read of Ray's Trial."""
    config = {"lr": 1e-4 * (number + 1), "group_size": 5}
    name = contract.trial_folder_name(number)
    write_params(folder / name, config)
    storage = SimpleNamespace(trial_dir_name=name)
    ray_counts = SimpleNamespace(num_failures=0)
    return SimpleNamespace(storage=storage, config=config, run_metadata=ray_counts, last_result={})


def _run_epoch(folder: Path, trial: Any, epoch: int, recorder: Recorder, callback: SweepWandbCallback) -> None:
    row = {contract.EPOCH: epoch, METRIC: 0.5 + epoch / 100, "Train/Loss": 1 / epoch, "config": trial.config}
    place = {contract.DEVICE: "a card", contract.GPU_IDS: "3", contract.GPU_SHARE: 1.0 if epoch == 1 else 0.25}
    row |= {"done": epoch == EPOCHS, "time_this_iter_s": 0.1, **place, contract.CHECKPOINTED: True}
    weights = folder / contract.checkpoint_folder_name(epoch) / "adapter" / "weights"
    weights.parent.mkdir(parents=True)
    weights.write_text(f"after epoch {epoch}", encoding="utf-8")
    recorder.on_trial_result(0, [], trial, row)
    callback.log_trial_result(0, trial, row)


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 120
    while not file.exists():
        assert time.monotonic() < deadline, file
        time.sleep(0.01)


def _held() -> dict[str, int]:
    children = [
        int(child)
        for file in Path("/proc/self/task").glob("*/children")
        for child in file.read_text(encoding="utf-8").split()
    ]
    processes = [os.getpid(), *children]
    return {
        "children": len(children),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "threads_of_children": sum(len(list(Path(f"/proc/{child}/task").iterdir())) for child in children),
        "files": sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in processes),
        "resident_kb": sum(_resident_kb(process) for process in processes),
    }


def _resident_kb(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
