"""A file of measurements is JSON at all times, and nothing but a torn last line is ever cut from it."""

import json
import resource
from pathlib import Path

import pytest

from trainable.contract import UserError
from trainable.measuring.record_file import RecordFile

HEADER = {"tier": "low"}


def record_file(folder: Path) -> RecordFile:
    return RecordFile(folder / "a.json", HEADER)


def append(file: RecordFile, *numbers: int) -> None:
    file.read_new()
    file.append([{"n": number, "text": "a line\nend, Köln"} for number in numbers])


def numbers(file: RecordFile) -> list[int]:
    return [record["n"] for record in file.read_new()]


def test_it_is_json_after_each_append(tmp_path: Path) -> None:
    file = record_file(tmp_path)
    for so_far in ([1], [1, 2, 3], [1, 2, 3, 4]):
        append(file, *so_far[{1: 0, 3: 1, 4: 3}[len(so_far)] :])
        content = json.loads(file.path.read_bytes())
        assert content["tier"] == "low"
        assert [record["n"] for record in content["per_sample_results"]] == so_far


def test_each_record_is_read_once_by_each_reader(tmp_path: Path) -> None:
    writer, reader = record_file(tmp_path), record_file(tmp_path)
    assert numbers(reader) == []
    append(writer, 1)
    assert numbers(reader) == [1]
    append(writer, 2, 3)
    assert numbers(reader) == [2, 3]
    assert numbers(reader) == []
    assert numbers(record_file(tmp_path)) == [1, 2, 3]


def test_wherever_a_write_was_cut_short_the_whole_records_before_it_stay(tmp_path: Path) -> None:
    writer = record_file(tmp_path)
    append(writer, 1)
    before = writer.path.read_bytes()
    append(writer, 2)
    whole = writer.path.read_bytes()
    for length in range(len(before) - len(b"]}\n"), len(whole)):
        writer.path.write_bytes(whole[:length])
        found = numbers(record_file(tmp_path))
        assert found in ([1], [1, 2])
        next_writer = record_file(tmp_path)
        next_writer.read_new()
        next_writer.append([{"n": 3}])  # shorter than what may have been left of the other
        assert [record["n"] for record in json.loads(writer.path.read_bytes())["per_sample_results"]] == [*found, 3]


def test_a_write_that_the_disk_takes_half_of_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = record_file(tmp_path)
    append(file, 1)
    file.read_new()
    before = file.path.read_bytes()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, usual[1]))
    try:
        with pytest.raises(UserError, match="cannot be written"):
            file.append([{"n": 2, "text": "longer than twenty bytes"}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert file.path.read_bytes() == before
    append(file, 3)
    assert numbers(record_file(tmp_path)) == [1, 3]


def test_a_damaged_line_before_others_costs_nothing_but_a_sentence(tmp_path: Path) -> None:
    file = record_file(tmp_path)
    append(file, 1, 2, 3)
    damaged = file.path.read_bytes().replace(b'{"n":2', b'{"n":,')
    file.path.write_bytes(damaged)
    with pytest.raises(UserError, match=r"a\.json: line 3 is damaged and measurements follow it"):
        record_file(tmp_path).read_new()
    assert file.path.read_bytes() == damaged


@pytest.mark.parametrize("content", ['{"tier": "low", "per_sample_results": []}', '{"summary":\n[{}]}\n'])
def test_a_profile_written_otherwise_is_not_appended_to(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="it was not written by the profiler"):
        record_file(tmp_path).read_new()


def test_measurements_that_have_gone_are_told(tmp_path: Path) -> None:
    file = record_file(tmp_path)
    append(file, 1, 2)
    file.read_new()
    file.path.unlink()
    with pytest.raises(UserError, match="measurements that were in use have gone"):
        file.read_new()


def test_a_packed_file_is_read_and_appended_to_all_the_same(tmp_path: Path) -> None:
    writer, reader = record_file(tmp_path), record_file(tmp_path)
    append(writer, 1, 2)
    assert numbers(reader) == [1, 2]
    writer.pack()
    assert [file.name for file in tmp_path.iterdir()] == ["a.json.gz"]
    assert numbers(reader) == []
    assert numbers(record_file(tmp_path)) == [1, 2]
    append(record_file(tmp_path), 3)
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert numbers(reader) == [3]


def test_a_packed_file_that_is_cut_short_is_told(tmp_path: Path) -> None:
    file = record_file(tmp_path)
    append(file, 1, 2)
    file.pack()
    file.packed.write_bytes(file.packed.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"a\.json\.gz: it cannot be unpacked"):
        record_file(tmp_path).read_new()
