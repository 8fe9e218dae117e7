"""Profiles in which a sample lacks a configuration, or the model a knob: trained on, judged, exported like others."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from grpo_runs import data_of, run_of
from profiles import CONFIGURATIONS, IMAGES, Configuration, measure_plausibly, write_profile

from trainable import contract, evaluate, export
from trainable.contract import UserError
from trainable.grpo.checkpoint import read_controller
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.profiles.baselines import per_sample
from trainable.profiles.budget_points import IN_BUDGET
from trainable.profiles.features import load_features
from trainable.profiles.image_split import SPLIT_NAMES, TEST, VALIDATION, split_of_image
from trainable.profiles.table import load_profile

FEW_BLOCKS = [configuration for configuration in CONFIGURATIONS if configuration[2] == 4]
MANY_BLOCKS = [configuration for configuration in CONFIGURATIONS if configuration[2] == 16]
WITHOUT_TOP_K = [(tier, 0, blocks) for tier in ("low", "high") for blocks in (4, 16)]
OTHER_VALUES = [("medium", 2, 8), ("medium", 8, 4), ("high", 8, 8)]


def two_datasets(of_a: Iterable[Configuration], of_b: Iterable[Configuration]) -> Callable[[Path], Path]:
    def write(results_dir: Path) -> Path:
        write_profile(results_dir, configurations=of_a, dataset="a_vqa")
        return write_profile(results_dir, configurations=of_b, dataset="b_vqa")

    return write


def measured_where(kept: Callable[[int, Configuration], bool]) -> Callable[[Path], Path]:
    def write(results_dir: Path) -> Path:
        return write_profile(results_dir, lambda image, of: measure_plausibly(image, of) if kept(image, of) else None)

    return write


def only_unlike_training(split: int) -> Callable[[int, Configuration], bool]:
    return lambda image, configuration: (split_of_image(image) == split) == (configuration in MANY_BLOCKS)


SHAPES = {
    "no configuration in common": two_datasets(FEW_BLOCKS, MANY_BLOCKS),
    "some in common": two_datasets(CONFIGURATIONS[:6], CONFIGURATIONS[3:]),
    "one configuration in one": two_datasets(CONFIGURATIONS, [("low", 1, 4)]),
    "other knob values": two_datasets(CONFIGURATIONS, OTHER_VALUES),
    "a few a sample": measured_where(lambda image, of: (image + CONFIGURATIONS.index(of)) % 3 == 0),
    "validation unlike training": measured_where(only_unlike_training(VALIDATION)),
    "test unlike training": measured_where(only_unlike_training(TEST)),
    "no top_k": lambda folder: write_profile(folder, configurations=WITHOUT_TOP_K),
    "a grid with gaps": lambda folder: write_profile(folder, configurations=[("low", 1, 4), *OTHER_VALUES]),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_holes_a_profile_has_no_number_on_it_is_missing(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results_dir = SHAPES[shape](tmp_path / "profile")
    data = data_of(results_dir)
    described = KIND.describe(GRPOSettings(results_dir=str(results_dir)), data)
    run = run_of(data, GRPOSettings(results_dir=str(results_dir)))
    metrics = run.step()
    assert all(map(math.isfinite, metrics.values()))
    *others, oracle = described.baselines
    assert oracle.value - metrics[contract.VAL_IN_BUDGET_ACCURACY] == pytest.approx(metrics[contract.VAL_ORACLE_GAP])
    assert all(one.low <= one.value <= oracle.value for one in others)
    for one in described.baselines:
        assert sum(one.parts.counts) == len(data.profile.samples(VALIDATION))  # all are judged on the same samples
        assert np.mean(one.curves[IN_BUDGET.name].y) == pytest.approx(one.value, abs=1e-6)

    run.save(tmp_path)
    for split in SPLIT_NAMES:
        assert evaluate.main([str(tmp_path), "--split", split]) == 0
    assert evaluate.main([str(tmp_path), "--plot", str(tmp_path / "frontier.svg")]) == 0
    assert export.main([str(tmp_path), "--output", str(tmp_path / "policy")]) == 0
    assert "nan" not in (capsys.readouterr().out + described.summary).replace(str(tmp_path), "")


def test_a_baseline_that_does_not_exist_is_left_out_and_said(tmp_path: Path) -> None:
    results_dir = SHAPES["validation unlike training"](tmp_path)
    settings = GRPOSettings(results_dir=str(results_dir))
    described = KIND.describe(settings, data_of(results_dir))
    assert [one.name for one in described.baselines] == ["random", "oracle"]
    assert described.summary.endswith(
        "; no baselines best fixed and lookup table: 6 validation samples have no configuration that a training "
        "sample has"
    )


def test_a_pair_that_no_file_of_the_dataset_could_hold_is_not_missing(tmp_path: Path) -> None:
    for shape in ("no configuration in common", "one configuration in one", "other knob values", "a grid with gaps"):
        assert "not measured" not in load_profile(SHAPES[shape](tmp_path / shape)).describe()


def test_a_configuration_that_only_easy_samples_have_does_not_look_better_than_it_is(tmp_path: Path) -> None:
    """A hard dataset lacks the first configuration, which solves less than the second where both are measured."""
    first, second, third = ("low", 1, 4), ("low", 4, 4), ("low", 4, 16)
    write_profile(tmp_path, lambda image, of: ({first: 0.8, second: 0.9}[of], 10.0), IMAGES, [first, second], "a_vqa")
    write_profile(tmp_path, lambda image, of: ({second: 0.2, third: 0.1}[of], 10.0), IMAGES, [second, third], "b_vqa")
    # By plain means the first would have .8 and the second .55; in truth the second solves .1 more wherever both are.
    values = per_sample(load_profile(tmp_path), VALIDATION)["best fixed"]
    assert values.tolist() == pytest.approx([0.9] * 6 + [0.2] * 6)


@pytest.mark.parametrize("lone", ["one in all", "one a sample", "one a dataset"])
def test_where_no_training_sample_leaves_a_choice_one_sentence_says_so(tmp_path: Path, lone: str) -> None:
    write = {
        "one in all": lambda folder: write_profile(folder, configurations=[("low", 1, 4)]),
        "one a sample": measured_where(lambda image, of: image % 8 == CONFIGURATIONS.index(of)),
        "one a dataset": two_datasets([("low", 1, 4)], [("high", 4, 16)]),
    }[lone]
    with pytest.raises(UserError, match="under one configuration only, so there is nothing to choose; measure each"):
        load_profile(write(tmp_path))


def test_a_policy_of_two_datasets_is_judged_on_one_and_chooses_as_on_both(tmp_path: Path) -> None:
    results_dir = SHAPES["no configuration in common"](tmp_path)
    data = data_of(results_dir)
    run = run_of(data, GRPOSettings(results_dir=str(results_dir)))
    run.step()
    run.save(tmp_path)
    assert evaluate.main([str(tmp_path), "--dataset_names", "b_vqa", "--results_dir", str(results_dir)]) == 0
    controller, budgets_ms = read_controller(tmp_path), data.profile.budget_grid_ms
    one = load_profile(results_dir, ("b_vqa",))
    both = ChoicesOnProfile(controller, data.profile, data.features)
    alone = ChoicesOnProfile(controller, one, load_features(one))
    assert alone.choices(VALIDATION, budgets_ms).tolist() == both.choices(VALIDATION, budgets_ms)[6:].tolist()
