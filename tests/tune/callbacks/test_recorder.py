"""The record of a running sweep, as the recorder writes it and as others ask it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep
from ray.exceptions import RayTaskError
from rich.console import Console

from results.record.atomic_write import DiskFull
from results.record.sweeps import read_sweep
from trainable import contract
from tune.callbacks.followers import followers_of
from tune.callbacks.progress import Progress
from tune.callbacks.recorder import Recorder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(
        tmp_path / "a", [MadeUpTrial({"lr": 1e-3}, (0.3, 0.4), ended=False)], wandb_project="p", wandb_entity=None
    )


def ray_trial(error: Exception | None = None) -> Any:
    """What the recorder reads of Ray's Trial."""
    return SimpleNamespace(
        storage=SimpleNamespace(trial_dir_name="trial_00000"),
        run_metadata=SimpleNamespace(num_failures=0),
        get_error=lambda: error,
    )


def test_asking_for_a_trials_rows_changes_nothing_on_disk(sweep: Path) -> None:
    file = sweep / "trial_00000" / contract.RESULT_FILE
    with file.open("a") as torn:
        torn.write('{"training_iteration": 3, "Val')
    before, changed = file.read_bytes(), file.stat().st_mtime_ns

    rows = Recorder(sweep, read_sweep(sweep).trials).rows(0)

    assert [row[contract.EPOCH] for row in rows] == [1, 2]
    assert file.read_bytes() == before
    assert file.stat().st_mtime_ns == changed
    assert not (sweep / "trial_00000" / contract.PROGRESS_FILE).exists()


def test_the_recorder_is_called_before_those_that_show_what_it_has_written(sweep: Path) -> None:
    record, console = read_sweep(sweep), Console(quiet=True)
    followers = followers_of(record, "offline", console)
    progress = Progress(record, followers.recorder, 1, 1, console)
    assert followers.in_order(progress) == [followers.recorder, followers.tensorboard, followers.wandb, progress]


def test_a_checkpoint_that_ray_found_no_room_for_is_a_full_disk_and_no_failure_of_the_trial(sweep: Path) -> None:
    cause = OSError(28, "No space left on device", str(sweep))
    error = RayTaskError("train", "traceback", cause).as_instanceof_cause()
    with pytest.raises(DiskFull):
        Recorder(sweep, read_sweep(sweep).trials).on_trial_error(0, [], ray_trial(error))
    assert not (sweep / "trial_00000" / contract.FAILURE_FILE).exists()


def test_an_error_whose_text_speaks_of_a_full_disk_is_the_trials_own(sweep: Path) -> None:
    error = RayTaskError("train", "traceback", RuntimeError("the run could not save itself: No space left on device"))
    Recorder(sweep, read_sweep(sweep).trials).on_trial_error(0, [], ray_trial(error.as_instanceof_cause()))
    (trial,) = read_sweep(sweep).trials
    assert trial.failure
    assert trial.failure.kind == contract.ERROR


def test_a_row_follows_those_on_disk_and_a_repeated_epoch_is_not_written_twice(sweep: Path) -> None:
    recorder = Recorder(sweep, read_sweep(sweep).trials)
    for epoch in (2, 3):
        result = {contract.EPOCH: epoch, METRIC: 0.5, "time_this_iter_s": 1.0, "config": {"lr": 1e-3}}
        recorder.on_trial_result(0, [], ray_trial(), result)
    (trial,) = read_sweep(sweep).trials
    assert [row[METRIC] for row in trial.rows] == [0.3, 0.4, 0.5]
    assert [row[contract.ARRIVAL] for row in trial.rows] == [0, 1, 2]
