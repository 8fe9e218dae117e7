"""The latency of each stage, in the order of the profile's table."""

from pathlib import Path

import numpy as np
from profiles import images_of, record, write_file

from trainable.grpo.controller_data import ControllerData
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.profiles.stages import read_stages
from trainable.profiles.table import load_profile


def test_the_stages_of_the_shipped_profile_add_up_to_its_totals(shipped: ControllerData) -> None:
    profile = shipped.profile
    stages = read_stages(profile)
    assert stages.shape == (2000, 60, 3)
    np.testing.assert_allclose(stages.sum(axis=2), profile.latency_ms, atol=2e-3)
    assert stages[..., 2].max() == 0.0  # one token: nothing is decoded after the prefill


def test_a_cell_that_was_not_measured_has_no_stages(tmp_path: Path) -> None:
    (trained,), (validated,) = images_of(TRAIN, 1), images_of(VALIDATION, 1)
    stages = {"T_vision_total": 1.0, "T_LLM_prefill": 2.0, "T_LLM_decode": 3.0}
    write_file(tmp_path, ("low", 1, 4), [record(trained, **stages), record(validated, T_total=9.0)])
    write_file(tmp_path, ("high", 1, 4), [record(trained)])
    profile = load_profile(tmp_path)
    read = read_stages(profile)
    row = [key.image_id for key in profile.keys].index(str(trained))
    low, high = (profile.grid.configurations.index((tier, 1, 4)) for tier in ("low", "high"))
    assert read[row, low].tolist() == [1.0, 2.0, 3.0]
    assert read[row, high].tolist() == [0.0, 0.0, 0.0]  # it has a total only
    assert np.isnan(read[1 - row, high]).all()
