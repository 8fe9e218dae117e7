"""The profiler measures each cell once, whatever befalls it, and what it leaves is a profile."""

import json
import os
import re
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from shipped_store import MODEL, QUESTIONS, SIZES, Measured, flags, profile_here

from trainable.contract import shown_path
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.store import MeasuredStore
from trainable.profiles.features import FEATURES_FILE
from trainable.profiles.reading import read_profile


def records(folder: Path) -> dict[str, list[bytes]]:
    """The whole lines of each file of measurements, without the header."""
    return {
        file.name: [
            line.lstrip(b",") for line in file.read_bytes().splitlines()[1:] if line.endswith(b"}") and line != b"]}"
        ]
        for file in sorted(folder.glob("*/*.json"))
    }


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_after_a_kill_the_same_command_measures_what_is_missing_and_nothing_twice(measured: Measured) -> None:
    before, after = records(measured.at_the_kill), records(measured.folder)
    num_before, num_after = (sum(map(len, one.values())) for one in (before, after))
    assert 50 <= num_before < num_after == 24 * 5
    for name, lines in before.items():
        assert after[name][: len(lines)] == lines
    assert read_profile(measured.folder).measured.sum() == 24 * 5  # and it refuses a cell that is there twice


def test_what_it_leaves_is_a_profile_that_a_sweep_takes(measured: Measured) -> None:
    data = KIND.prepare(GRPOSettings(results_dir=str(measured.folder)))
    assert isinstance(data, ControllerData)
    store = MeasuredStore.open(measured.folder)
    assert data.profile.keys == store.contents.keys
    assert data.profile.grid == store.contents.grid
    assert data.features.language_source == FEATURES_FILE
    assert np.isfinite(data.features.raw).all()


def test_a_record_tells_all_of_its_measurement(measured: Measured) -> None:
    (file,) = measured.folder.glob("*/*tier-high_crops56_topk8_blocks16.json")
    content = json.loads(file.read_bytes())
    assert content["active_block_indices"] == list(range(16))
    record = content["per_sample_results"][0]
    assert record["actual_vision_tokens"] == 196
    assert record["output_tokens"] == 1
    assert record["T_total"] == pytest.approx(
        record["T_vision_total"] + record["T_LLM_prefill"] + record["T_LLM_decode"], abs=1e-3
    )
    assert min(record["T_vision_total"], record["T_LLM_prefill"]) > 0
    assert record["accuracy"] == float(record["pred"] == record["metadata"]["answer"])
    assert set(record["metadata"]) == {"image_id", "question_id", "question", "question_type", "answer"}


def test_its_answers_are_those_of_the_shipped_profile(measured: Measured) -> None:
    shipped, ours = read_profile(MODEL), read_profile(measured.folder)
    rows = [shipped.keys.index(key) for key in ours.keys]
    columns = [
        shipped.grid.configurations.index(ours.grid.configurations[index]) for index in np.flatnonzero(ours.measured[0])
    ]
    agreeing = shipped.accuracy[rows][:, columns] == ours.accuracy[:, ours.measured[0]]
    assert agreeing.mean() > 0.95  # images have 8 bits now, and those of a lower tier are scaled from these


def test_features_are_written_for_each_question_with_their_cost(measured: Measured) -> None:
    features = load_file(measured.folder / "digit-vqa" / FEATURES_FILE)
    keys = MeasuredStore.open(measured.folder).contents.keys
    assert features["language"].shape == (24, 64)
    assert features["question_id"].tolist() == [int(key.question_id) for key in keys]
    assert "features: language " in measured.printed


def test_it_says_what_it_has_measured_and_what_comes_next(measured: Measured) -> None:
    assert "24 samples x 5 configurations, 120 of 120 cells measured; by configuration, accuracy is" in measured.printed
    assert f"python tune/run_sweep.py --results_dir {measured.folder}" in measured.printed
    assert "measuring: all 120 cells in" in measured.printed


def test_it_leaves_word_of_where_the_numbers_come_from(measured: Measured) -> None:
    text = (measured.folder / "PROVENANCE.md").read_text(encoding="utf-8")
    assert "24 questions about 6 images under 5 configurations" in text
    assert "120 of 120 cells are measured" in text
    assert "- Features: language " in text
    last = text.splitlines()[-1]
    assert "| 120 | `python trainable/profile_model.py --model_path " in last
    assert f"torch {torch.__version__}" in last


def test_a_store_tells_how_it_is_opened_again(measured: Measured) -> None:
    told = MeasuredStore.open(measured.folder).contents.settings
    assert {name: told[name] for name in SIZES if name in told} == {"max_samples": 24, "reference_samples": 4}
    assert told["num_threads"] == 1
    assert (measured.folder / "importance.json").exists()


def test_a_full_store_is_left_as_it_is(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.folder, tmp_path / "store")
    before = contents_of(folder)
    status, out, _ = profile_here(*flags(folder))
    assert status == 0
    assert "120 of 120 cells measured" in out
    assert contents_of(folder) == before


def test_a_disk_that_takes_no_more_is_told_with_the_command_to_go_on_with(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.at_the_kill, tmp_path / "store")
    before = records(folder)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    fullest = max(file.stat().st_size for file in folder.glob("*/*.json"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (fullest + 100, usual[1]))
    try:
        status, _, err = profile_here(*flags(folder))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert status == 2
    (sentence,) = [line for line in err.splitlines() if line.startswith("profile_model.py: ")]
    assert re.search(
        r"\.json cannot be written \(.*\); .*, then go on with: python trainable/profile_model\.py ", sentence
    )
    after = records(folder)
    assert all(after[name][: len(lines)] == lines for name, lines in before.items())
    assert not read_profile(folder).measured.all()


def test_it_packs_what_it_has_measured(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.folder, tmp_path / "store")
    assert profile_here(*flags(folder), "--pack")[0] == 0
    assert {"".join(file.suffixes) for file in folder.glob("digit-vqa/*topk*")} == {".json.gz"}
    assert read_profile(folder).fingerprint == read_profile(measured.folder).fingerprint


def test_a_torn_line_is_measured_again(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.folder, tmp_path / "store")
    (file,) = folder.glob("*/*tier-low_crops16_topk1_blocks4.json")
    whole = file.read_bytes()
    os.truncate(file, len(whole) - 100)
    assert profile_here(*flags(folder))[0] == 0
    lines, again = records(measured.folder)[file.name], records(folder)[file.name]
    assert again[:-1] == lines[:-1]
    assert json.loads(again[-1])["sample_id"] == json.loads(lines[-1])["sample_id"]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"max_samples": 20}, "its questions, answers or images are others, or not so many; give another folder"),
        ({"num_runs_per_sample": 2}, "num_runs_per_sample of its knobs is 1, not 2; give another folder"),
        ({"num_threads": 2}, "num_threads of its machine is 1, not 2; give another folder"),
    ],
)
def test_a_store_of_something_else_is_refused_and_left_as_it_is(
    measured: Measured, others: dict[str, object], said: str
) -> None:
    before = contents_of(measured.folder)
    status, _, err = profile_here(*flags(measured.folder, **others))
    assert status == 2
    (sentence,) = [line for line in err.splitlines() if line.startswith("profile_model.py: ")]
    assert said in sentence
    assert sentence.endswith("--accept_other_store")
    assert contents_of(measured.folder) == before


def test_a_store_of_something_else_is_gone_on_with_when_asked(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.at_the_kill, tmp_path / "store")
    status, out, err = profile_here(*flags(folder, num_threads=2), "--accept_other_store", "--reference_only")
    assert status == 0, err
    assert "this store is of something else: num_threads of its machine is 1, not 2" in out
    assert f"--environment live --model_path {shown_path(MODEL)} --dataset {QUESTIONS} --store {folder}" in out


def test_a_profile_measured_otherwise_is_not_written_into(tmp_path: Path) -> None:
    shutil.copytree(MODEL / "digit-vqa", tmp_path / "digit-vqa")
    status, _, err = profile_here(*flags(tmp_path))
    assert status == 2
    assert "a profile lies there that was measured otherwise" in err
