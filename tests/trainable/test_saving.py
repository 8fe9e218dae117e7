"""A checkpoint in its training's folder: whole, or not there."""

import errno
import os
import pickle
from pathlib import Path

import pytest
from quadratic_run import QuadraticRun, QuadraticSettings

from trainable import contract
from trainable.runs.saving import NotSaved, save_checkpoint
from trainable.runs.seal import require_whole


class Failing(QuadraticRun):
    """Writes a file, then fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__(QuadraticSettings(), 0)
        self._error = error

    def save(self, folder: Path) -> None:
        super().save(folder)
        raise self._error


def test_an_epoch_that_is_trained_again_replaces_its_checkpoint(tmp_path: Path) -> None:
    run = QuadraticRun(QuadraticSettings(), 0)
    for _ in range(2):  # as where a worker was lost after it had saved, and before its row was recorded
        run.step()
        save_checkpoint(run, tmp_path, 1)
    ((epoch, checkpoint),) = contract.checkpoints(tmp_path).items()
    assert epoch == 1
    require_whole(checkpoint)
    again = QuadraticRun(QuadraticSettings(), 0)
    again.load(checkpoint)
    assert again.step() == run.step()


def test_what_the_disk_refuses_is_told_in_a_sentence_that_reaches_the_driver(tmp_path: Path) -> None:
    with pytest.raises(NotSaved) as refused:
        save_checkpoint(Failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "weights")), tmp_path, 1)
    assert str(pickle.loads(pickle.dumps(refused.value))).endswith(
        "checkpoint_000001 cannot be written (the disk is full, of bytes or of files); make room"
    )
    assert contract.checkpoints(tmp_path) == {}


def test_a_mistake_in_a_runs_own_code_is_its_own_and_nothing_half_written_is_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="optimizer"):
        save_checkpoint(Failing(KeyError("optimizer")), tmp_path, 1)
    assert contract.checkpoints(tmp_path) == {}
