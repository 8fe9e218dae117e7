"""Reading a sweep that is running, was interrupted, or was damaged."""

import json
from pathlib import Path

import pytest

from results.record.sweeps import TrialRecord, read_rows, read_sweep
from results.record.trial_log import TrialLog
from trainable.contract import UserError


def row(epoch: int, **columns: object) -> dict[str, object]:
    return {"training_iteration": epoch, "m": float(epoch), **columns}


def trial(folder: Path, rows: list[dict[str, object]], checkpoints: list[int]) -> TrialRecord:
    for epoch in checkpoints:
        (folder / f"checkpoint_{epoch:06d}").mkdir()
    return TrialRecord(1, folder, {}, tuple(rows), None)


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(row(1)) + "\n" + json.dumps(row(2)) + "\n" + json.dumps(row(3))[:20])
    assert [r["training_iteration"] for r in read_rows(file)] == [1, 2]


def test_a_damaged_line_ends_what_can_be_trusted(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(row(1)) + "\n\x00\x00\n" + json.dumps(row(3)) + "\n")
    assert [r["training_iteration"] for r in read_rows(file)] == [1]


def test_a_repeated_or_missing_epoch_ends_what_can_be_trusted(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text("".join(json.dumps(row(epoch)) + "\n" for epoch in (1, 2, 2, 3)))
    assert len(read_rows(file)) == 2


def test_opening_a_log_drops_the_torn_line_and_appends_after_it(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(row(1)) + "\n" + '{"training_iter')
    log = TrialLog(tmp_path)
    log.append(row(2))
    assert [json.loads(line) for line in file.read_text().splitlines()] == [row(1), row(2)]
    assert (tmp_path / "progress.csv").read_text().split() == ["training_iteration,m", "1,1.0", "2,2.0"]


def test_a_trial_is_finished_when_its_last_row_and_that_epochs_checkpoint_are_there(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert trial(tmp_path, rows, [1, 2]).finished


def test_a_trial_without_the_checkpoint_of_its_last_epoch_is_not_finished(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert not trial(tmp_path, rows, [1]).finished


def test_a_trial_whose_checkpoints_were_deleted_to_save_room_stays_finished(tmp_path: Path) -> None:
    rows = [row(1, done=False), row(2, done=True)]
    assert trial(tmp_path, rows, []).finished


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sweep at"):
        read_sweep(tmp_path)
