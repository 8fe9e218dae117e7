"""A trial's rows on disk: what of a damaged result.json can be trusted, and going on behind it."""

import json
from pathlib import Path

from results.record.trial_log import TrialLog, cut_rows, read_rows


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
