"""Reading a sweep that is running, was interrupted, or was damaged."""

import json
import shutil
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep

from results.listing.next_commands import confirm_command
from results.record.finding import find_sweep
from results.record.sweeps import read_sweep
from results.record.trial.record import TrialRecord
from trainable.contract import UserError


def row(epoch: int, **columns: object) -> dict[str, object]:
    return {"training_iteration": epoch, "m": float(epoch), **columns}


def trial(folder: Path, rows: list[dict[str, object]], checkpoints: list[int]) -> TrialRecord:
    for epoch in checkpoints:
        (folder / f"checkpoint_{epoch:06d}").mkdir()
    return TrialRecord(1, folder, {}, tuple(rows), None)


def test_a_trial_is_finished_when_its_last_row_and_that_epochs_checkpoint_are_there(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert trial(tmp_path, rows, [1, 2]).finished


def test_a_trial_without_the_checkpoint_of_its_last_epoch_is_not_finished(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert not trial(tmp_path, rows, [1]).finished


def test_a_trial_whose_checkpoints_were_deleted_to_save_room_stays_finished(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert trial(tmp_path, rows, []).finished


def test_a_trial_whose_last_epoch_was_not_to_be_saved_is_finished(tmp_path: Path) -> None:
    rows = [row(1, checkpointed=True), row(2, checkpointed=False, done=True)]
    assert trial(tmp_path, rows, [1]).finished


@pytest.mark.parametrize(
    ("says_what_was_saved", "checkpoint"),
    [
        ((True, True, True), "checkpoint_000002"),
        ((False, False, False), "checkpoint_000003"),
        ((False, False, True), None),
    ],
    ids=["each its own epoch", "each the best so far", "resumed by a version that saves each epoch's own"],
)
def test_the_best_checkpoint_is_the_one_that_holds_the_best_epoch(
    says_what_was_saved: tuple[bool, ...], checkpoint: str | None, tmp_path: Path
) -> None:
    folder = write_sweep(tmp_path / "s", [MadeUpTrial({"lr": 0.1}, (0.1, 0.3, 0.2))]) / "trial_00000"
    lines = (folder / "result.json").read_text(encoding="utf-8").splitlines()
    said = [
        json.dumps(json.loads(line) | ({"checkpointed": True} if says else {})) + "\n"
        for line, says in zip(lines, says_what_was_saved, strict=True)
    ]
    (folder / "result.json").write_text("".join(said), encoding="utf-8")
    for epoch in (2, 3) if says_what_was_saved[0] else (3,):
        (folder / f"checkpoint_{epoch:06d}").mkdir()
    record = read_sweep(folder.parent)
    best = record.best_checkpoint(record.trials[0])
    assert (best and best.name) == checkpoint


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sweep at"):
        read_sweep(tmp_path)


def test_a_sweep_named_from_within_one_of_its_trials_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial_folder = tmp_path / "nightly" / "trial_00000"
    trial_folder.mkdir(parents=True)
    (tmp_path / "nightly" / "sweep.yaml").touch()
    monkeypatch.chdir(trial_folder)
    assert find_sweep("..") == tmp_path / "nightly"


def test_confirming_is_offered_only_where_it_can_be_done(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 0.1}, [0.2]), MadeUpTrial({"lr": 0.2}, [0.3])]
    folder = write_sweep(tmp_path / "s", trials)
    assert confirm_command(read_sweep(folder))
    shutil.rmtree(folder / "trial_00000")  # and with it the starting values
    assert confirm_command(read_sweep(folder)) is None
    assert confirm_command(read_sweep(write_sweep(tmp_path / "none", [MadeUpTrial({"lr": 0.1})]))) is None
