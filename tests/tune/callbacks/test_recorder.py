"""The record of a running sweep, as the recorder writes it and as others ask it."""

import errno
import io
from pathlib import Path

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep, write_trial
from ray.exceptions import ActorDiedError
from ray.tune.error import _TuneStopTrialError
from ray.tune.experiment import Trial
from ray_trial import raised_in_worker, trial_of_ray
from rich.console import Console
from views import tensorboard_curves, wandb_steps

from results.record.sweeps import read_sweep
from results.trackers.wandb_client import end_client
from trainable import contract
from trainable.system_errors import DiskError
from trainable.terminal.console import PlainConsole
from tune.callbacks.followers import Followers
from tune.callbacks.progress import Progress
from tune.callbacks.recorder import Recorder
from tune.searching.caps import Caps

OF_TRAINABLE = {"time_this_iter_s": 1.0, contract.CHECKPOINTED: True}
"""Beside the metrics."""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(
        tmp_path / "a", [MadeUpTrial({"lr": 1e-3}, (0.3, 0.4), ended=False)], wandb_project="p", wandb_entity=None
    )


@pytest.fixture
def ray_trial(sweep: Path) -> Trial:
    """Ray's own Trial of trial 0, as the recorder is handed it."""
    return trial_of_ray(sweep)


def test_asking_for_a_trials_rows_changes_nothing_on_disk(sweep: Path) -> None:
    file = sweep / "trial_00000" / contract.RESULT_FILE
    with file.open("a", encoding="utf-8") as torn:
        torn.write('{"training_iteration": 3, "Val')
    before, changed = file.read_bytes(), file.stat().st_mtime_ns

    rows = Recorder(read_sweep(sweep)).rows(0)

    assert [row[contract.EPOCH] for row in rows] == [1, 2]
    assert file.read_bytes() == before
    assert file.stat().st_mtime_ns == changed
    assert not (sweep / "trial_00000" / contract.PROGRESS_FILE).exists()


def test_the_recorder_is_called_before_those_that_show_what_it_has_written(sweep: Path) -> None:
    record, console = read_sweep(sweep), Console(quiet=True)
    followers = Followers(record, "offline", console)
    progress = Progress(record, 1, console, Caps(), lambda: 0.0, lambda: 0)
    assert followers.in_order(progress) == [
        followers.recorder,
        followers.optuna_study,
        followers.tensorboard,
        followers.wandb,
        progress,
    ]


@pytest.mark.parametrize("event", ["on_trial_recover", "on_trial_error"])
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the quota on that disk is used up"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EIO, "input/output error"),
        (errno.ESTALE, "stale file handle"),
    ],
)
def test_a_checkpoint_that_ray_could_not_write_is_an_error_of_the_disk_and_no_failure_of_the_trial(
    event: str, number: int, said: str, sweep: Path, ray_trial: Trial
) -> None:
    ray_trial.handle_error(raised_in_worker(OSError(number, "in other words", str(sweep))))
    with pytest.raises(DiskError, match=rf"trial_00000 cannot be written \({said}"):
        getattr(Recorder(read_sweep(sweep)), event)(0, [], ray_trial)
    assert not (sweep / "trial_00000" / contract.FAILURE_FILE).exists()


def test_a_disk_that_failed_when_ray_stopped_a_trial_ends_the_sweep(sweep: Path, ray_trial: Trial) -> None:
    """Ray logs what it meets there, and tries the trial again (ray 2.60, TuneController.stop_trial)."""

    def stop_trial() -> None:
        try:
            raise DiskError("Optuna's journal cannot be written")
        except DiskError as error:
            ray_trial.handle_error(_TuneStopTrialError(str(error)))
            Recorder(read_sweep(sweep)).on_trial_recover(0, [], ray_trial)

    with pytest.raises(DiskError, match="Optuna's journal"):
        stop_trial()


def test_a_lost_worker_is_no_error_of_the_disk(sweep: Path, ray_trial: Trial) -> None:
    ray_trial.handle_error(ActorDiedError())
    Recorder(read_sweep(sweep)).on_trial_recover(0, [], ray_trial)


def test_a_trial_that_ray_gives_up_fails_with_the_last_thing_that_happened_to_it(sweep: Path, ray_trial: Trial) -> None:
    """Be it that its text speaks of a full disk: the run's own is an error like any other."""
    ray_trial.handle_error(raised_in_worker(ValueError("an earlier one")))
    own = RuntimeError("the run could not save itself: No space left on device")
    ray_trial.handle_error(raised_in_worker(own))
    Recorder(read_sweep(sweep)).on_trial_error(0, [], ray_trial)
    (trial,) = read_sweep(sweep).trials
    assert trial.failure
    assert (trial.failure.kind, trial.failure.epoch) == (contract.ERROR, 3)
    assert trial.failure.cause == f"RuntimeError: {own}"
    assert trial.failure.traceback.startswith("ray::save()")


def test_a_trial_whose_worker_could_not_be_started_fails_and_is_shown_everywhere(sweep: Path, ray_trial: Trial) -> None:
    """Ray tells of its start only once it has a worker."""
    printed = io.StringIO()
    record, console = read_sweep(sweep), PlainConsole(file=printed)
    followers = Followers(record, "offline", console)
    progress = Progress(record, 1, console, Caps(), lambda: 0.0, lambda: 0)
    callbacks = followers.in_order(progress)
    followers.begin()
    progress.begin()
    ray_trial.handle_error(raised_in_worker(ModuleNotFoundError("No module named 'torch'")))
    for event in ("on_trial_recover", "on_trial_error"):
        for callback in callbacks:
            getattr(callback, event)(0, [], ray_trial)
    followers.end()
    progress.end()
    (trial,) = read_sweep(sweep).trials
    assert trial.failure
    assert trial.failure.cause == "ModuleNotFoundError: No module named 'torch'"
    assert "1 failed" in printed.getvalue()
    end_client()  # wandb-core may write the last of a local file after it has said that the run is finished
    assert wandb_steps(trial.folder) == [1, 2]
    assert tensorboard_curves(trial.folder)[METRIC] == [(1, pytest.approx(0.3)), (2, pytest.approx(0.4))]


def test_a_row_follows_those_on_disk_and_a_repeated_epoch_is_not_written_twice(sweep: Path, ray_trial: Trial) -> None:
    recorder = Recorder(read_sweep(sweep))
    for epoch in (2, 3):
        result = {contract.EPOCH: epoch, METRIC: 0.5, "config": {"lr": 1e-3}, **OF_TRAINABLE}
        recorder.on_trial_result(0, [], ray_trial, result)
    (trial,) = read_sweep(sweep).trials
    assert [row[METRIC] for row in trial.rows] == [0.3, 0.4, 0.5]
    assert [row[contract.ARRIVAL] for row in trial.rows] == [0, 1, 2]


def test_a_finished_epoch_forgives_the_workers_that_were_lost_before(sweep: Path, ray_trial: Trial) -> None:
    """Ray gives a trial up when it has lost more workers than `max_failures`, since its start."""
    ray_trial.max_failures = 1
    recorder = Recorder(read_sweep(sweep))
    for epoch in (3, 4, 5):
        ray_trial.handle_error(ActorDiedError())
        assert ray_trial.should_recover()
        recorder.on_trial_result(0, [], ray_trial, {contract.EPOCH: epoch, METRIC: 0.5, **OF_TRAINABLE})
    ray_trial.handle_error(ActorDiedError())
    ray_trial.handle_error(ActorDiedError())
    assert not ray_trial.should_recover()


def test_trials_that_fail_at_once_on_a_bad_node_stop_no_sweep_whose_others_train_well(sweep: Path) -> None:
    failed = [MadeUpTrial({"lr": 1e-3}, failure=contract.ERROR)] * 3
    alone = write_sweep(sweep.with_name("alone"), failed)
    beside = write_sweep(sweep.with_name("beside"), [*failed, MadeUpTrial({"lr": 1e-3}, (0.3,), ended=False)])
    assert Recorder(read_sweep(alone)).is_hopeless()
    assert not Recorder(read_sweep(beside)).is_hopeless()


def test_a_sweep_is_hopeless_only_until_a_trial_has_done_the_epoch_in_which_others_failed(
    sweep: Path, ray_trial: Trial
) -> None:
    for number in (1, 2, 3):
        write_trial(sweep / f"trial_{number:05d}", MadeUpTrial({"lr": 1e-3}, (0.3, 0.4), failure=contract.ERROR))
    recorder = Recorder(read_sweep(sweep))
    assert recorder.is_hopeless()  # trial 0 has done two epochs, and the others failed in the third
    result = {contract.EPOCH: 3, METRIC: 0.5, "config": {"lr": 1e-3}, **OF_TRAINABLE}
    recorder.on_trial_result(0, [], ray_trial, result)
    assert not recorder.is_hopeless()
