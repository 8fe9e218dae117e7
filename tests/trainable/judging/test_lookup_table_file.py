"""The lookup table as the original's evaluation reads it."""

import json
from pathlib import Path

import numpy as np
import pytest
from profiles import CONFIGURATIONS, write_profile

from trainable.judging.lookup_table_file import write_lookup_table
from trainable.profiles.baselines import LOOKUP_TABLE, chosen_in_training
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile, load_profile

BUDGETS_MS = np.array([12.0, 30.0])


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return load_profile(write_profile(tmp_path / "profile"))


def test_the_originals_loader_finds_each_configuration_and_its_numbers(profile: Profile, tmp_path: Path) -> None:
    chosen = chosen_in_training(profile, BUDGETS_MS)[LOOKUP_TABLE]
    write_lookup_table(tmp_path / "table.json", profile, BUDGETS_MS, chosen)
    content = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))

    # as it does: three parts, two of them whole numbers; budgets as numbers
    config_table = {}
    for key, info in content["config_table"].items():
        tier, top_k, num_blocks = key.split("_")
        config_table[tier, int(top_k), int(num_blocks)] = info
    assert set(config_table) == set(CONFIGURATIONS)
    training = profile.samples(TRAIN)
    dearest = config_table["high", 4, 16]
    assert dearest["accuracy"] == pytest.approx(profile.accuracy[training, -1].mean())
    assert dearest["latency"] == pytest.approx(profile.latency_ms[training, -1].mean())
    assert dearest["num_samples"] == len(training)

    budgets = {float(budget): entry for budget, entry in content["lookup_table"].items()}
    for budget_ms, index in zip(BUDGETS_MS, chosen, strict=True):
        knobs = tuple(budgets[budget_ms][name] for name in ("tier", "top_k", "num_active_blocks"))
        assert knobs == profile.grid.configurations[index]
    latency_ms = [info["latency"] for info in config_table.values()]
    assert content["statistics"]["latency_range"] == {"min": min(latency_ms), "max": max(latency_ms)}
    # budgets count the whole request here, and exactly
    assert (content["metadata"]["use_prefill_only"], content["metadata"]["tolerance"]) == (False, 0.0)


def test_what_is_chosen_under_a_tight_budget_is_another_than_under_a_wide_one(profile: Profile) -> None:
    # Within 12 ms only (low, 1, 16) at 11 ms and those of 4 blocks are in time; within 30 ms all are: then the
    # configurations that solve every image, high with 16 blocks, win.
    tight, wide = chosen_in_training(profile, BUDGETS_MS)[LOOKUP_TABLE]
    assert profile.grid.configurations[tight][0] == "low" or profile.grid.configurations[tight][2] == 4
    assert profile.grid.configurations[wide] in (("high", 1, 16), ("high", 4, 16))
