"""A controller's checkpoint on the test split: the numbers that its own validation would give there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from grpo_runs import data_of, run_of, trial_of_two_epochs
from profiles import images_of, write_profile
from stores import IMAGES, contents, full_store, record

from trainable import contract
from trainable.grpo.checkpoint import read_controller
from trainable.grpo.controller_data import live_data
from trainable.grpo.joint_controller import KIND
from trainable.grpo.on_test_data import judged_on_test_split
from trainable.grpo.settings import GRPOSettings
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.measuring.store import MeasuredStore
from trainable.profiles.baselines import points_of_choices
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.runs import WorkerContext


def checkpoint_of(folder: Path, results_dir: Path) -> Path:
    folder.mkdir()
    return trial_of_two_epochs(data_of(results_dir), folder) / contract.checkpoint_folder_name(2)


def test_the_score_is_what_evaluating_gives_and_its_parts_make_it(tmp_path: Path) -> None:
    data, settings = data_of(write_profile(tmp_path / "profile")), GRPOSettings()
    checkpoint = checkpoint_of(tmp_path / "trial", tmp_path / "profile")
    judged = KIND.test(settings, data, WorkerContext(1, ("cpu",), 1.0), checkpoint)
    assert judged is not None
    assert data.table
    choices = ChoicesOnProfile(read_controller(checkpoint), data.table, data.features)
    grid_ms = data.profile.budget_grid_ms
    points = points_of_choices(data.table, TEST, choices.choices(TEST, grid_ms), grid_ms)
    score = judged.metrics[contract.VAL_IN_BUDGET_ACCURACY]
    assert score == pytest.approx(np.mean([point.in_budget_accuracy for point in points]))
    assert judged.parts is not None
    assert (judged.parts.unit, len(judged.parts.sums)) == ("image", 6)
    assert sum(judged.parts.sums) / sum(judged.parts.counts) == pytest.approx(score)
    assert judged.metrics[contract.VAL_LATENCY_MEAN] == pytest.approx(np.mean([point.latency_ms for point in points]))
    *_, oracle = judged.baselines
    assert oracle.name == "oracle"
    assert judged.metrics[contract.VAL_ORACLE_GAP] == pytest.approx(oracle.value - score)
    assert all(baseline.parts and not baseline.curves for baseline in judged.baselines)


def test_without_test_images_there_is_nothing_to_say(tmp_path: Path) -> None:
    images = (*images_of(TRAIN, 12), *images_of(VALIDATION, 6))
    data = data_of(write_profile(tmp_path / "profile", images=images))
    checkpoint = checkpoint_of(tmp_path / "trial", tmp_path / "profile")
    assert judged_on_test_split(GRPOSettings(), data, checkpoint) is None


def test_a_store_is_asked_only_where_it_holds_every_test_cell_and_no_model_is_run(tmp_path: Path) -> None:
    whole = live_data(full_store(tmp_path / "whole"))
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    torch.set_num_threads(1)
    trained = run_of(whole)
    trained.step()
    trained.save(checkpoint)
    judged = judged_on_test_split(GRPOSettings(), whole, checkpoint)
    assert judged is not None
    assert judged.parts is not None
    assert len(judged.parts.sums) == 2

    store = MeasuredStore.create(tmp_path / "part", contents())
    for configuration in store.contents.configurations:  # but for the last sample, which is of the test split
        rows = [record(sample, configuration / 8, 10.0 + configuration) for sample in range(len(IMAGES) - 1)]
        store.append(configuration, rows)
    assert judged_on_test_split(GRPOSettings(), live_data(store), checkpoint) is None
