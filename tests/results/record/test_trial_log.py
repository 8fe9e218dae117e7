"""A trial's rows on disk: what of a damaged result.json can be trusted, and going on behind it."""

import json
from pathlib import Path

import pytest

from results.record.trial.log import TrialLog, cut_rows, read_rows, read_samples


def row(epoch: int) -> dict[str, object]:
    return {"training_iteration": epoch, "m": float(epoch), "config": {"lr": 0.1}}


def write(folder: Path, *lines: str) -> bytes:
    (folder / "result.json").write_text("".join(lines), encoding="utf-8")
    return (folder / "result.json").read_bytes()


def line(epoch: int) -> str:
    return json.dumps(row(epoch)) + "\n"


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, line(1), line(2), line(3)[:20])
    assert read_rows(tmp_path) == [row(1), row(2)]


def test_empty_lines_that_an_editor_left_lose_no_epoch(tmp_path: Path) -> None:
    write(tmp_path, "\r\n", line(1), "\n", line(2), "\n")
    assert read_rows(tmp_path) == [row(1), row(2)]


def test_a_damaged_line_ends_what_can_be_trusted(tmp_path: Path) -> None:
    write(tmp_path, line(1), "\x00\x00\n", line(3))
    assert read_rows(tmp_path) == [row(1)]


def test_a_repeated_or_missing_epoch_ends_what_can_be_trusted(tmp_path: Path) -> None:
    write(tmp_path, *map(line, (1, 2, 2, 3)))
    assert read_rows(tmp_path) == [row(1), row(2)]


def test_a_log_that_is_opened_and_asked_changes_nothing_on_disk(tmp_path: Path) -> None:
    before = write(tmp_path, line(1), line(2)[:20])
    assert TrialLog(tmp_path).rows == [row(1)]
    assert (tmp_path / "result.json").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_cut_drops_the_torn_line_and_what_comes_next_lies_behind_what_is_whole(tmp_path: Path) -> None:
    write(tmp_path, line(1), line(2)[:20])
    assert cut_rows(tmp_path, 5) == [row(1)]
    TrialLog(tmp_path).append(row(2))
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == line(1) + line(2)
    assert (tmp_path / "progress.csv").read_text(encoding="utf-8").split() == ["training_iteration,m", "1,1.0", "2,2.0"]


def test_a_cut_drops_rows_beyond_the_checkpoint_in_both_files(tmp_path: Path) -> None:
    log = TrialLog(tmp_path)
    for epoch in (1, 2, 3):
        log.append(row(epoch))
    cut_rows(tmp_path, 1)
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == line(1)
    assert (tmp_path / "progress.csv").read_text(encoding="utf-8").split() == ["training_iteration,m", "1,1.0"]
    cut_rows(tmp_path, 0)
    TrialLog(tmp_path).append(row(1))
    assert (tmp_path / "progress.csv").read_text(encoding="utf-8").split() == ["training_iteration,m", "1,1.0"]


def test_what_was_shown_of_an_epoch_is_cut_with_its_row_and_shown_anew(tmp_path: Path) -> None:
    log = TrialLog(tmp_path)
    shown = {epoch: [{"prompt": "2 + 2?", "answer": str(epoch)}] for epoch in (1, 3, 4)}
    for epoch in (1, 2, 3, 4):
        log.append(row(epoch), shown.get(epoch, ()))
    assert read_samples(tmp_path) == shown
    whole = (tmp_path / "samples.jsonl").read_bytes()
    (tmp_path / "samples.jsonl").write_bytes(whole[:-9])  # torn as epoch 4 was written, before its row
    write(tmp_path, *map(line, (1, 2, 3)))
    cut_rows(tmp_path, 2)
    assert read_samples(tmp_path) == {1: shown[1]}
    log = TrialLog(tmp_path)
    for epoch in (3, 4):
        log.append(row(epoch), shown[epoch])
    assert (tmp_path / "samples.jsonl").read_bytes() == whole


def test_a_first_line_of_samples_that_is_torn_is_cut_too(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_text('{"training_iteration": 1, "sam', encoding="utf-8")
    cut_rows(tmp_path, 0)
    TrialLog(tmp_path).append(row(1), [{"answer": "4"}])
    assert read_samples(tmp_path) == {1: [{"answer": "4"}]}


@pytest.mark.parametrize("shown", ["4", [4], [{"a": [4]}], [{"a": 4}, {"b": 4}], None])
def test_a_line_of_samples_that_was_edited_into_something_else_ends_what_is_shown(
    shown: object, tmp_path: Path
) -> None:
    lines = [{"training_iteration": epoch, "samples": [{"a": 4}]} for epoch in (1, 2, 3)]
    lines[1]["samples"] = shown
    (tmp_path / "samples.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert list(read_samples(tmp_path)) == [1]


def test_a_metric_that_comes_later_is_a_column_of_all_epochs(tmp_path: Path) -> None:
    log = TrialLog(tmp_path)
    log.append(row(1))
    log.append(row(2) | {"eval": 0.5})
    table = "training_iteration,m,eval\n1,1.0,\n2,2.0,0.5\n"
    assert (tmp_path / "progress.csv").read_text(encoding="utf-8") == table
    cut_rows(tmp_path, 2)
    TrialLog(tmp_path).append(row(3))
    assert (tmp_path / "progress.csv").read_text(encoding="utf-8") == table + "3,3.0,\n"
