import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from profiles import CONFIGURATIONS, IMAGES, images_of, measure_plausibly, record, write_file, write_profile

from trainable.contract import UserError
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import Profile, load_profile

LOW, HIGH = ("low", 1, 4), ("high", 1, 4)


def cell(profile: Profile, image: int, configuration: tuple[str, int, int]) -> tuple[int, int]:
    """Row and column of one measurement."""
    rows = [row for row, key in enumerate(profile.keys) if key.image_id == str(image)]
    return rows[0], profile.grid.configurations.index(configuration)


# The shipped profile.


def test_the_shipped_profile_is_the_one_that_was_published(shipped):
    profile = shipped.profile
    assert profile.datasets == ("digit_vqa",)
    assert profile.grid.values == (("low", "medium", "high"), (1, 2, 4, 8), (4, 6, 8, 12, 16))
    assert profile.accuracy.shape == profile.latency_ms.shape == (2000, 60)
    assert profile.measured.all()


def test_the_shipped_profiles_images_are_split_331_83_86(shipped):
    profile = shipped.profile
    images = [{profile.keys[sample].image_id for sample in profile.samples(split)} for split in range(3)]
    assert [len(of_split) for of_split in images] == [331, 83, 86]
    assert not images[0] & images[1]
    assert not images[0] & images[2]
    assert not images[1] & images[2]


def test_the_shipped_profiles_budgets_are_the_published_ones(shipped):
    grid = shipped.profile.budget_grid_ms
    assert len(grid) == 8
    assert [round(float(grid[0]), 2), round(float(grid[-1]), 2)] == [6.07, 29.95]


# The table.


def test_every_measurement_is_found_under_its_sample_and_configuration(tmp_path):
    profile = load_profile(write_profile(tmp_path))
    assert profile.accuracy.shape == (len(IMAGES), len(CONFIGURATIONS))
    for image in IMAGES:
        for configuration in CONFIGURATIONS:
            at = cell(profile, image, configuration)
            accuracy, latency_ms = measure_plausibly(image, configuration)
            assert profile.accuracy[at] == accuracy
            assert profile.latency_ms[at] == np.float32(latency_ms)


def test_knob_values_go_from_the_cheapest_to_the_dearest(tmp_path):
    configurations = [(tier, k, b) for tier in ("high", "low", "medium") for k in (16, 2) for b in (12, 4)]
    profile = load_profile(write_profile(tmp_path, configurations=configurations))
    assert profile.grid.values == (("low", "medium", "high"), (2, 16), (4, 12))


def test_tiers_of_other_names_follow_by_their_latency(tmp_path):
    def measure(image, configuration):
        return 1.0, {"low": 5.0, "zoom": 10.0, "all": 20.0}[configuration[0]]

    profile = load_profile(write_profile(tmp_path, measure, configurations=[(t, 1, 4) for t in ("all", "zoom", "low")]))
    assert profile.grid.values[0] == ("low", "zoom", "all")


def test_samples_are_in_the_order_of_their_numbers(tmp_path):
    profile = load_profile(write_profile(tmp_path))
    assert [int(key.image_id) for key in profile.keys] == sorted(IMAGES)


def test_the_table_does_not_depend_on_the_order_or_the_packing_of_the_files(tmp_path):
    one = load_profile(write_profile(tmp_path / "one"))
    other = load_profile(write_profile(tmp_path / "other", images=reversed(IMAGES), ending=".json.gz"))
    assert one.keys == other.keys
    assert one.fingerprint == other.fingerprint
    np.testing.assert_array_equal(one.accuracy, other.accuracy)


def test_merged_ranks_leave_no_trace(tmp_path):
    alone = load_profile(write_profile(tmp_path)).fingerprint
    write_file(tmp_path, LOW, [record(IMAGES[0], accuracy=0.123)], ending="_rank0.json")
    assert load_profile(tmp_path).fingerprint == alone


def test_several_datasets_are_one_table_whose_images_keep_their_split(tmp_path):
    write_profile(tmp_path, dataset="toy_vqa")
    write_profile(tmp_path, dataset="ok_vqa", measure=lambda image, configuration: (0.25, 50.0))
    profile = load_profile(tmp_path)
    assert profile.datasets == ("ok_vqa", "toy_vqa")
    assert len(profile.keys) == 2 * len(IMAGES)
    split = {}
    for key, of_sample in zip(profile.keys, profile.split, strict=True):
        assert split.setdefault(key.image_id, of_sample) == of_sample
    ok_rows = [row for row, key in enumerate(profile.keys) if key.dataset == "ok_vqa"]
    assert (profile.accuracy[ok_rows] == 0.25).all()


def test_only_the_named_datasets_are_read(tmp_path):
    write_profile(tmp_path, dataset="toy_vqa")
    write_profile(tmp_path, dataset="ok_vqa")
    profile = load_profile(tmp_path, ("ok_vqa",))
    assert profile.datasets == ("ok_vqa",)
    assert len(profile.keys) == len(IMAGES)


def test_progress_is_reported_file_by_file(tmp_path):
    calls = []
    load_profile(write_profile(tmp_path), on_file=lambda done, of: calls.append((done, of)))
    assert calls == [(done, 8) for done in range(1, 9)]


# Budgets and fingerprint.


def test_budgets_are_even_between_two_percentiles_of_the_training_latencies(tmp_path):
    latencies = {image: 10.0 + index for index, image in enumerate(images_of(TRAIN, 21))}

    def measure(image, configuration):
        return 1.0, latencies.get(image, 1000.0)

    images = [*latencies, *images_of(VALIDATION, 3), *images_of(TEST, 3)]
    profile = load_profile(write_profile(tmp_path, measure, images, [LOW, HIGH]))
    # 10, 10, 11, 11, ... 30, 30: 42 numbers; the 5th percentile is at index 2.05 (11), the 95th at 38.95 (29)
    assert profile.budget_range_ms == (11.0, 29.0)
    np.testing.assert_allclose(profile.budget_grid_ms, [11 + 18 / 7 * step for step in range(8)], rtol=1e-6)


@pytest.mark.parametrize("split", [VALIDATION, TEST])
def test_budgets_do_not_move_with_the_images_that_are_held_out(tmp_path, split):
    absurd = images_of(split, 6)

    def measure(image, configuration):
        return (1.0, 9000.0) if image in absurd else measure_plausibly(image, configuration)

    plain = load_profile(write_profile(tmp_path / "plain"))
    changed = load_profile(write_profile(tmp_path / "changed", measure))
    assert plain.budget_range_ms == changed.budget_range_ms


@pytest.mark.parametrize("change", ["accuracy", "latency", "sample", "configuration"])
def test_the_fingerprint_changes_with_whatever_changes_a_score(tmp_path, change):
    def measure(image, configuration):
        accuracy, latency_ms = measure_plausibly(image, configuration)
        if image == IMAGES[0] and configuration == LOW:
            return (0.75, latency_ms) if change == "accuracy" else (accuracy, latency_ms + (change == "latency"))
        return accuracy, latency_ms

    before = load_profile(write_profile(tmp_path / "before")).fingerprint
    images = IMAGES[:-1] if change == "sample" else IMAGES
    configurations = CONFIGURATIONS[:-1] if change == "configuration" else CONFIGURATIONS
    assert load_profile(write_profile(tmp_path / "after", measure, images, configurations)).fingerprint != before


def test_the_fingerprint_does_not_depend_on_where_the_profile_lies(tmp_path):
    write_profile(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    assert load_profile(tmp_path / "here").fingerprint == load_profile(tmp_path / "there").fingerprint


# Incomplete profiles.


def test_a_complete_profile_says_so_by_saying_nothing(tmp_path):
    text = load_profile(write_profile(tmp_path)).describe()
    assert text == "toy_vqa: 24 samples (train 12, validation 6, test 6) x 8 configurations"


def test_a_pair_that_was_not_measured_is_said_in_the_same_line(tmp_path):
    def measure(image, configuration):
        skipped = configuration == LOW and image in IMAGES[:3]
        return None if skipped else measure_plausibly(image, configuration)

    profile = load_profile(write_profile(tmp_path, measure))
    assert "\n" not in profile.describe()
    # 3 of 24 samples x 8 configurations
    assert profile.describe().endswith("; 3 of 192 (sample, configuration) pairs are not measured: never chosen")
    assert not profile.measured[cell(profile, IMAGES[0], LOW)]
    assert profile.measured.sum() == 189


def test_a_configuration_of_the_grid_that_nobody_measured_is_not_counted(tmp_path):
    profile = load_profile(write_profile(tmp_path, configurations=CONFIGURATIONS[:-1]))
    assert len(profile.grid.configurations) == 8
    assert profile.describe().endswith("x 7 configurations")


# Models that lack a knob.


@pytest.mark.parametrize("nothing", [None, 0])
@pytest.mark.parametrize("told_by", ["file", "record", "name"])
def test_a_knob_that_the_model_lacks_is_none_of_the_profile(tmp_path, nothing, told_by):
    for tier in ("low", "high"):
        for blocks in (4, 16):
            samples = [record(image, latency_ms=float(blocks)) for image in IMAGES]
            if told_by == "record":
                samples = [sample | {"top_k": nothing} for sample in samples]
            file = write_file(tmp_path, (tier, 2 if told_by == "record" else 0, blocks), samples)
            content = json.loads(file.read_text(encoding="utf-8"))
            if told_by == "file":
                content["top_k"] = nothing
            if told_by == "name":
                del content["top_k"]
            file.write_text(json.dumps(content), encoding="utf-8")
    profile = load_profile(tmp_path)
    assert profile.grid == KnobGrid(("tier", "num_active_blocks"), (("low", "high"), (4, 16)))
    assert profile.latency_ms[0].tolist() == [4.0, 16.0, 4.0, 16.0]


def test_a_profile_of_two_models_of_which_one_lacks_a_knob(tmp_path):
    write_profile(tmp_path)
    dense = write_file(tmp_path, ("medium", 0, 8), [record(image) for image in IMAGES])
    text = message(tmp_path)
    assert text.startswith(f"{dense}: it has no top_k, and toy-vqa_imgsizetier-")
    assert text.endswith("so they are of two models; keep those of one")


# What cannot be used.


def message(results_dir: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_profile(results_dir)
    text = str(caught.value)
    assert str(results_dir) in text
    assert "\n" not in text
    return text


def test_files_without_a_sample(tmp_path):
    text = message(write_profile(tmp_path, images=[]))
    assert "its files hold no sample; measure it again" in text


@pytest.mark.parametrize(("missing", "name"), [(TRAIN, "train"), (VALIDATION, "validation")])
def test_no_image_to_train_or_to_validate_on(tmp_path, missing, name):
    images = [image for split in {TRAIN, VALIDATION, TEST} - {missing} for image in images_of(split, 4)]
    text = message(write_profile(tmp_path, images=images))
    assert re.search(rf"none of its 8 images falls into the {name} split .*; measure more images", text)


def test_a_profile_without_a_test_image_will_do(tmp_path):
    images = [*images_of(TRAIN, 4), *images_of(VALIDATION, 4)]
    assert len(load_profile(write_profile(tmp_path, images=images)).samples(TEST)) == 0


def test_a_sample_that_is_measured_twice_under_one_configuration(tmp_path):
    write_profile(tmp_path)
    write_file(tmp_path, ("low", 2, 4), [record(IMAGES[0], top_k=1)])
    text = message(tmp_path)
    assert "is measured twice under {'tier': 'low', 'top_k': 1, 'num_active_blocks': 4}" in text
    assert "keep one file per configuration" in text


def test_a_damaged_file_among_good_ones_is_the_one_that_is_named(tmp_path):
    write_profile(tmp_path)
    file = write_file(tmp_path, HIGH, [record(IMAGES[0], accuracy=2.0)])
    assert str(file) in message(tmp_path)
