"""What is promised against a power cut: which files, and which folders' names, the disk was asked for, and when.

No power is cut here. What the kernel is asked to write (fsync) is noted on its way, with what lay there at that moment.
"""

import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from quadratic_run import QuadraticRun, QuadraticSettings

from results.files.atomic_write import write_atomically
from results.record.sweeps import read_sweep
from results.record.trial.failures import Failure, reopen, write_failure
from results.record.trial.log import TrialLog, cut_rows, write_params
from trainable.runs.saving import save_checkpoint
from trainable.system_errors import DiskError
from tune.callbacks.recorder import Recorder

Synced = list[tuple[str, Any]]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Synced:
    """Each path that was synced, with its bytes, or with its names if it is a folder."""
    noted: Synced = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        is_folder = path.is_dir()
        noted.append((path.name, sorted(os.listdir(path)) if is_folder else path.read_bytes()))

    monkeypatch.setattr(os, "fsync", note)
    return noted


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_the_name_before_it_counts(
    tmp_path: Path, synced: Synced
) -> None:
    write_atomically(tmp_path / "sweep.yaml", "name: a\n")
    (name, content), folder = synced
    assert (name.endswith(".new"), content, folder) == (True, b"name: a\n", (tmp_path.name, ["sweep.yaml"]))


def test_a_proposal_and_its_folder_are_on_the_disk_when_it_is_made_known(tmp_path: Path, synced: Synced) -> None:
    write_params(tmp_path / "trial_00000", {"lr": 0.1})
    of_trials, (_, proposal), of_trial = synced
    assert of_trials == (tmp_path.name, ["trial_00000"])
    assert json.loads(proposal) == {"lr": 0.1}
    assert of_trial == ("trial_00000", ["params.json"])


def test_every_epoch_is_on_the_disk_when_its_row_is_appended(tmp_path: Path, synced: Synced) -> None:
    log = TrialLog(tmp_path)
    for epoch in (1, 2):
        log.append({"training_iteration": epoch})
        lines = [f'{{"training_iteration": {done}}}\n' for done in range(1, epoch + 1)]
        assert ("result.json", "".join(lines).encode()) in synced
    assert (tmp_path.name, ["result.json"]) in synced


def test_what_is_shown_of_an_epoch_is_on_the_disk_before_its_row_counts(tmp_path: Path, synced: Synced) -> None:
    TrialLog(tmp_path).append({"training_iteration": 1}, [{"answer": "4"}])
    shown = b'{"training_iteration": 1, "samples": [{"answer": "4"}]}\n'
    assert synced[:2] == [("samples.jsonl", shown), (tmp_path.name, ["samples.jsonl"])]
    assert synced[2] == ("result.json", b'{"training_iteration": 1}\n')


def test_a_cut_a_failure_and_a_reopened_trial_are_on_the_disk(tmp_path: Path, synced: Synced) -> None:
    cut_rows(tmp_path, 0)
    write_failure(tmp_path, Failure("error", 1, "ValueError: x"))
    reopen(tmp_path)
    names = [names for name, names in synced if name == tmp_path.name]
    assert "result.json" in names[0]
    assert "failure.json" in names[1]
    assert "failure_1.json" in names[2]


class SavedRun(QuadraticRun):
    """A run whose checkpoint is easily told."""

    def save(self, folder: Path) -> None:
        (folder / "adapter").mkdir()
        (folder / "adapter" / "weights").write_bytes(b"01")
        (folder / "checkpoint.pt").write_bytes(b"0123")


def test_a_checkpoint_is_on_the_disk_before_it_takes_its_name_and_the_name_before_its_epoch_counts(
    tmp_path: Path, synced: Synced
) -> None:
    save_checkpoint(SavedRun(QuadraticSettings(), 0), tmp_path, 3)
    *content, trial = synced
    for entry in (
        ("checkpoint.pt", b"0123"),
        ("weights", b"01"),
        ("adapter", ["weights"]),
        (".checkpoint_000003", ["adapter", "checkpoint.pt", "files.json"]),
    ):
        assert entry in content
    assert trial == (tmp_path.name, ["checkpoint_000003"])


def test_an_older_checkpoint_is_deleted_when_the_row_of_a_newer_one_is_on_the_disk(
    tmp_path: Path, synced: Synced
) -> None:
    sweep = write_sweep(tmp_path / "sweep", [MadeUpTrial({"lr": 1.0}, scores=(0.5, 0.6))])
    trial = sweep / "trial_00000"
    for epoch in (1, 2, 3):
        (trial / f"checkpoint_00000{epoch}").mkdir()
    recorder = Recorder(read_sweep(sweep))
    of_ray: Any = SimpleNamespace(
        storage=SimpleNamespace(trial_dir_name=trial.name), run_metadata=SimpleNamespace(num_failures=0)
    )
    synced.clear()
    row = {**recorder.rows(0)[-1], "training_iteration": 3, "time_this_iter_s": 0.1, "checkpointed": True}
    recorder.on_trial_result(0, [], of_ray, row)
    (name, content), *_ = synced
    assert (name, content.count(b"\n")) == ("result.json", 3)
    assert sorted(folder.name for folder in trial.glob("checkpoint_*")) == ["checkpoint_000002", "checkpoint_000003"]


def test_a_disk_that_cannot_sync_is_an_error_and_one_that_syncs_no_folders_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_with(number: int) -> None:
        def fail(descriptor: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fail)

    fails_with(errno.EINVAL)
    write_atomically(tmp_path / "file", "1")
    fails_with(errno.EIO)
    with pytest.raises(DiskError, match="input/output error"):
        write_atomically(tmp_path / "file", "2")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "1"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
