"""TensorBoard's events of one trial, as they are written."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from replicated_sweep import write_replicated
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams import metadata
from views import tensorboard_curves

from results.record.sweeps import read_sweep
from results.trackers.tensorboard_record import SCORE_TAG, TrialEvents, open_events
from trainable.ranking import Objective
from trainable.system_errors import DiskError

METRIC = "Val/Height"


def row(epoch: int, value: float) -> dict[str, Any]:
    return {"training_iteration": epoch, METRIC: value, "timestamp": 1767268800 + epoch}


def test_the_score_is_the_best_finite_value_so_far(tmp_path: Path) -> None:
    events = TrialEvents(tmp_path, {"lr": 0.1}, Objective((METRIC,), ("max",)), space={})
    events.append([row(epoch, value) for epoch, value in enumerate((float("nan"), 0.5, float("inf"), 0.25), start=1)])
    assert tensorboard_curves(tmp_path)[SCORE_TAG] == [(2, 0.5), (3, 0.5), (4, 0.5)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a file whose disk is always full")
def test_a_full_disk_is_raised_where_epochs_are_added_and_no_thread_prints_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", printed.append)
    events = TrialEvents(tmp_path, {"lr": 0.1}, Objective((METRIC,), ("max",)), space={})
    (file,) = tmp_path.glob("events.*")
    file.unlink()
    file.symlink_to("/dev/full")
    with pytest.raises(DiskError, match=r"events.out.tfevents.* cannot be written \(the disk is full"):
        events.append([row(1, 0.5)])
    assert printed == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells which files are open")
def test_no_file_is_open_while_nothing_is_written_and_the_next_epoch_follows_the_last(tmp_path: Path) -> None:
    events = TrialEvents(tmp_path, {"lr": 0.1}, Objective((METRIC,), ("max",)), space={})
    for epoch in (1, 2, 3):
        events.append([row(epoch, 0.5)])
        assert not [target for target in opened() if target.startswith(str(tmp_path))]
    assert [step for step, _ in tensorboard_curves(tmp_path)[METRIC]] == [1, 2, 3]
    assert len(list(tmp_path.glob("events.*"))) == 1


def opened() -> list[str]:
    """What the files of this process are called."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one by which the folder is read
            found.append(os.readlink(entry))
    return found


def group(trial: Path) -> str:
    """Which line of the HParams tab a trial belongs to, as its events name it."""
    (file,) = trial.glob("events.out.*")
    for event in EventFileLoader(str(file)).Load():
        for value in event.summary.value:
            if value.tag == metadata.SESSION_START_INFO_TAG:
                start = metadata.parse_session_start_info_plugin_data(value.metadata.plugin_data.content)
                return str(start.group_name)
    raise AssertionError(f"{file} names no group")


def test_fresh_seeds_of_one_setting_are_one_line_of_the_hparams_tab(tmp_path: Path) -> None:
    sweep = read_sweep(write_replicated(tmp_path / "a", [{0: 0.5, 1: 0.55}, {0: 0.52, 1: 0.6}], searched=(0.5, 0.6)))
    for trial in sweep.trials:
        open_events(sweep, trial.number).close(trial.status(sweep.num_epochs))
    groups = [group(trial.folder) for trial in sweep.trials]
    assert groups == ["", "", "a: lr 0.0", "a: lr 1.0", "a: lr 0.0", "a: lr 1.0"]
