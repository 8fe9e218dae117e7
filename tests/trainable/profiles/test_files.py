import gzip
import json
import math
import os
import shutil
from pathlib import Path

import pytest
from profiles import record, write_file, write_profile

from trainable.contract import UserError
from trainable.profiles.files import dataset_folders, profile_files, read_measurements
from trainable.profiles.reading import read_profile

LOW = ("low", 1, 4)


def message(file: Path) -> str:
    """What the user reads when a file cannot be used: one sentence in one line that names the file."""
    with pytest.raises(UserError) as caught:
        list(read_measurements("toy_vqa", file))
    text = str(caught.value)
    assert str(file) in text
    assert "\n" not in text
    return text


def only_measurement(file: Path):
    (measurement,) = read_measurements("toy_vqa", file)
    return measurement


# What is read.


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
def test_plain_and_compressed_files_read_the_same(tmp_path, ending):
    measurement = only_measurement(write_file(tmp_path, LOW, [record(7, 0.5, 12.5)], ending=ending))
    assert (measurement.key.dataset, measurement.key.image_id, measurement.key.question_id) == ("toy_vqa", "7", "q7")
    assert measurement.knobs == LOW
    assert (measurement.accuracy, measurement.latency_ms) == (0.5, 12.5)
    assert measurement.question == "what is odd here?"


def test_a_samples_own_knob_values_win_over_the_files(tmp_path):
    file = write_file(tmp_path, LOW, [record(7, top_k=8, tier="high"), record(8)])
    assert [measurement.knobs for measurement in read_measurements("toy_vqa", file)] == [("high", 8, 4), LOW]


def test_the_files_knob_values_win_over_its_summary_and_its_name(tmp_path):
    older = [{"tier": "medium", "top_k": 2, "num_active_blocks": 8}]
    file = write_file(tmp_path, LOW, [record(7)], summary=older, top_k=16)
    assert only_measurement(file).knobs == ("low", 16, 4)


def test_older_files_carry_the_knob_values_in_their_summary(tmp_path):
    older = [{"tier": "medium", "top_k": 2, "num_active_blocks": 8}]
    file = write_file(tmp_path, LOW, [record(7)], tier=None, top_k=None, num_active_blocks=None, summary=older)
    assert only_measurement(file).knobs == ("medium", 2, 8)


def test_what_neither_file_nor_summary_says_is_in_the_files_name(tmp_path):
    file = write_file(tmp_path, ("high", 8, 12), [record(7)], tier=None, top_k=None, num_active_blocks=None)
    assert only_measurement(file).knobs == ("high", 8, 12)


@pytest.mark.parametrize("total", [0, 0.0, None, "absent"])
def test_a_total_of_0_or_none_is_the_sum_of_the_stages(tmp_path, total):
    entry = record(7, T_total=total, T_vision_total=1.5, T_LLM_prefill=4.25, T_LLM_decode=2.0)
    if total == "absent":
        del entry["T_total"]
    assert only_measurement(write_file(tmp_path, LOW, [entry])).latency_ms == 7.75


def test_a_measured_total_wins_over_the_sum_of_the_stages(tmp_path):
    entry = record(7, latency_ms=9.0, T_vision_total=1.5, T_LLM_prefill=4.25, T_LLM_decode=2.0)
    assert only_measurement(write_file(tmp_path, LOW, [entry])).latency_ms == 9.0


def test_samples_are_known_by_their_metadata_not_by_the_batch_index(tmp_path):
    file = write_file(tmp_path, LOW, [record(7, sample_id=0), record(8, sample_id=0)])
    keys = [measurement.key for measurement in read_measurements("toy_vqa", file)]
    assert [(key.image_id, key.question_id) for key in keys] == [("7", "q7"), ("8", "q8")]


def test_without_metadata_the_batch_index_must_do(tmp_path):
    file = write_file(tmp_path, LOW, [record(7, sample_id=3, metadata={})])
    key = only_measurement(file).key
    assert (key.image_id, key.question_id) == ("3", "3")


def test_rank_files_beside_their_merged_file_are_skipped(tmp_path):
    merged = write_file(tmp_path, LOW, [record(7)])
    write_file(tmp_path, LOW, [record(7)], ending="_rank0.json")
    write_file(tmp_path, LOW, [record(7)], ending="_rank1.json.gz")
    assert profile_files(merged.parent) == [merged]


def test_rank_files_that_were_never_merged_are_read(tmp_path):
    other = write_file(tmp_path, ("low", 4, 4), [record(7)])
    ranks = [write_file(tmp_path, LOW, [record(rank)], ending=f"_rank{rank}.json") for rank in (0, 1)]
    assert sorted(profile_files(other.parent)) == sorted([other, *ranks])


def test_a_file_that_is_there_both_plain_and_compressed_is_read_once(tmp_path):
    plain = write_file(tmp_path, LOW, [record(7)])
    write_file(tmp_path, LOW, [record(7)], ending=".json.gz")
    assert len(profile_files(plain.parent)) == 1


def test_other_files_of_the_folder_are_no_concern(tmp_path):
    file = write_file(tmp_path, LOW, [record(7)])
    (file.parent / "notes.txt").write_text("mind the gap", encoding="utf-8")
    (file.parent / "config.json").write_text("{}", encoding="utf-8")
    assert profile_files(file.parent) == [file]


# Which datasets there are.


def test_a_datasets_folder_writes_its_underscores_as_hyphens(tmp_path):
    write_profile(tmp_path, dataset="toy_vqa")
    write_profile(tmp_path, dataset="ok_vqa")
    (tmp_path / "empty-one").mkdir()
    assert dataset_folders(tmp_path, ()) == {"ok_vqa": tmp_path / "ok-vqa", "toy_vqa": tmp_path / "toy-vqa"}
    assert dataset_folders(tmp_path, ("toy_vqa",)) == {"toy_vqa": tmp_path / "toy-vqa"}
    assert dataset_folders(tmp_path, ("toy-vqa",)) == {"toy_vqa": tmp_path / "toy-vqa"}


def test_an_unknown_dataset_is_answered_with_those_there_are(tmp_path):
    write_profile(tmp_path, dataset="toy_vqa")
    write_profile(tmp_path, dataset="ok_vqa")
    with pytest.raises(UserError, match=r"no dataset 'text_vqa'.*--dataset_names can be ok_vqa, toy_vqa"):
        dataset_folders(tmp_path, ("toy_vqa", "text_vqa"))


def test_a_missing_directory_is_named_with_its_flag(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: there is no such directory.*--results_dir"):
        dataset_folders(tmp_path / "nowhere", ())


def test_an_empty_directory_is_answered_with_the_files_it_should_hold(tmp_path):
    with pytest.raises(UserError, match=r"no measured configuration in it; expected .*_topk<k>_blocks<b>\.json") as e:
        dataset_folders(tmp_path, ())
    assert str(tmp_path) in str(e.value)


# What cannot be used.


def test_a_truncated_json_file(tmp_path):
    file = write_file(tmp_path, LOW, [record(7), record(8)])
    file.write_bytes(file.read_bytes()[:-30])
    text = message(file)
    assert "not readable as JSON" in text
    assert "copy or measure it again, or remove it" in text


@pytest.mark.parametrize("kept", [0, 5, 60])
def test_a_truncated_compressed_file(tmp_path, kept):
    file = write_file(tmp_path, LOW, [record(image) for image in range(20)], ending=".json.gz")
    file.write_bytes(file.read_bytes()[:kept])
    text = message(file)
    assert "not readable as JSON" in text
    assert "copy or measure it again, or remove it" in text


@pytest.mark.parametrize("index", [10, -8], ids=["first block", "checksum"])
def test_a_compressed_file_with_a_wrong_byte(tmp_path, index):
    file = write_file(tmp_path, LOW, [record(image) for image in range(20)], ending=".json.gz")
    raw = bytearray(file.read_bytes())
    # behind the header of 10 bytes, two bits name the kind of block, and 11 is none; the last 8 bytes are the checksum
    raw[index] = raw[index] | 0x06 if index == 10 else raw[index] ^ 0xFF
    file.write_bytes(bytes(raw))
    assert "not readable as JSON" in message(file)


def test_a_file_that_is_not_compressed_though_its_name_says_so(tmp_path):
    file = write_file(tmp_path, LOW, [record(7)], ending=".json.gz")
    file.write_bytes(gzip.decompress(file.read_bytes()))
    assert "not readable as JSON" in message(file)


def test_bytes_that_are_no_text(tmp_path):
    file = write_file(tmp_path, LOW, [record(7)])
    file.write_bytes(b'{"per_sample_results": "\xff\xfe"}')
    assert "not readable as JSON" in message(file)


@pytest.mark.parametrize(
    "content",
    [[], [1, 2], "text", 3, None, {}, {"per_sample_results": None}, {"per_sample_results": {"a": 1}},
     {"per_sample_results": [1, 2]}],
    ids=str,
)  # fmt: skip
def test_json_of_another_shape(tmp_path, content):
    file = write_file(tmp_path, LOW, [])
    file.write_text(json.dumps(content), encoding="utf-8")
    text = message(file)
    assert "not a profile: it has no list 'per_sample_results' of samples" in text
    assert "remove the file" in text


@pytest.mark.parametrize("metadata", ["image 7", [7, 8], 7], ids=str)
def test_metadata_of_another_shape(tmp_path, metadata):
    text = message(write_file(tmp_path, LOW, [record(6), record(7, metadata=metadata)]))
    assert "sample 1 of per_sample_results is unusable" in text
    assert "measure it again or remove the file" in text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.001, 1.001, 100.0])
def test_an_accuracy_outside_0_to_1(tmp_path, value):
    text = message(write_file(tmp_path, LOW, [record(6), record(7), record(8, accuracy=value)]))
    assert f"sample 2 of per_sample_results is unusable: accuracy is {value:g}, not between 0 and 1" in text
    assert "measure it again or remove the file" in text


@pytest.mark.parametrize("name", ["T_total", "T_vision_total", "T_LLM_prefill", "T_LLM_decode"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -3.0, 1e39])
def test_a_latency_that_no_clock_shows(tmp_path, name, value):
    text = message(write_file(tmp_path, LOW, [record(6), record(7, **{name: value})]))
    assert f"sample 1 of per_sample_results is unusable: {name} is {value:g} ms, not between 0 and 1e+09 ms" in text
    assert "measure it again or remove the file" in text


@pytest.mark.parametrize("latency_ms", [0.0, 1e-50])
def test_a_sample_without_any_latency(tmp_path, latency_ms):
    text = message(write_file(tmp_path, LOW, [record(7, latency_ms=latency_ms)]))
    assert "sample 0 of per_sample_results is unusable: no latency: T_total and its stages are absent or 0 ms" in text


def test_a_sample_without_accuracy(tmp_path):
    entry = record(7)
    del entry["accuracy"]
    assert "sample 0 of per_sample_results is unusable: it has no 'accuracy'" in message(
        write_file(tmp_path, LOW, [entry])
    )


def test_a_sample_that_nothing_identifies(tmp_path):
    assert "it has no 'metadata.image_id'" in message(write_file(tmp_path, LOW, [record(7, metadata={})]))


@pytest.mark.parametrize("value", ["many", "", [4]], ids=str)
def test_a_knob_value_that_is_no_number(tmp_path, value):
    text = message(write_file(tmp_path, LOW, [record(7, top_k=value)]))
    assert "sample 0 of per_sample_results is unusable" in text


@pytest.mark.parametrize("value", ["often", [1.0]], ids=str)
def test_an_accuracy_that_is_no_number(tmp_path, value):
    text = message(write_file(tmp_path, LOW, [record(7, accuracy=value)]))
    assert "sample 0 of per_sample_results is unusable" in text


# Files and folders that are not what they should be.


@pytest.mark.parametrize("instead", ["a dangling link", "a folder"])
def test_what_cannot_be_opened_is_named_cached_or_not(tmp_path, instead):
    file = next(write_profile(tmp_path).glob("*/*.json"))
    file.unlink()
    if instead == "a folder":
        file.mkdir()
    else:
        file.symlink_to(tmp_path / "nowhere")
    assert "it can't be read (" in message(file)
    with pytest.raises(UserError, match="it can't be read \\("):
        read_profile(tmp_path)


def test_json_without_end(tmp_path):
    file = write_file(tmp_path, LOW, [record(7)])
    file.write_text("[" * 200_000, encoding="utf-8")
    assert "not readable as JSON" in message(file)


def test_two_folders_of_one_dataset_are_not_one_less(tmp_path):
    write_profile(tmp_path)
    shutil.copytree(tmp_path / "toy-vqa", tmp_path / "toy_vqa")
    with pytest.raises(UserError, match="toy-vqa and toy_vqa are one dataset, toy_vqa; rename one"):
        dataset_folders(tmp_path, ())


@pytest.mark.parametrize(("ending", "shown"), [(b"\xff", r"\\udcff"), (b"\n", r"\\n"), (b"\x1b[2J", r"\\x1b\[2J")])
def test_a_name_that_cannot_be_shown_is_refused_where_it_would_be_read_and_no_concern_elsewhere(
    tmp_path, ending, shown
):
    folder = os.fsencode(write_profile(tmp_path) / "toy-vqa")
    Path(os.fsdecode(folder + b"/notes" + ending)).write_text("", encoding="utf-8")
    assert list(dataset_folders(tmp_path, ())) == ["toy_vqa"]
    os.rename(folder, folder + ending)
    with pytest.raises(UserError, match=rf"the name 'toy-vqa{shown}' in it is not in UTF-8 or holds what cannot be"):
        dataset_folders(tmp_path, ())
