"""How the running model is measured for a run: as the store was before, but for what the run says."""

import dataclasses
from pathlib import Path

from stores import contents

from trainable.grpo.controller_data import measuring_settings
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store import MeasuredStore

LEAST = {"model_path": "/a/model", "dataset": "/some/images"}
LIVE = {"environment": "live"} | LEAST


def test_a_new_store_is_measured_as_the_flags_say_and_else_by_default(tmp_path: Path) -> None:
    given = {"max_samples": 40, "configurations": "/knobs.json", "trust_remote_code": True}
    settings = GRPOSettings(**LIVE, **given, latency_source="profile", results_dir="/a/profile")
    assert measuring_settings(settings, tmp_path / "new") == MeasuringSettings(
        **LEAST, **given, output=str(tmp_path / "new"), latency_profile="/a/profile"
    )


def store_measured_with(folder: Path, **settings: object) -> Path:
    recorded = {"model_path": "where/it/lay", "dataset": "where/they/lay"} | settings
    return MeasuredStore.create(folder, dataclasses.replace(contents(), settings=recorded)).folder


def test_a_store_that_is_there_is_gone_on_with_as_it_was_begun(tmp_path: Path) -> None:
    as_begun = {"num_runs_per_sample": 3, "max_samples": 8, "answer_metric": "anls", "dtype": "float32"}
    store = store_measured_with(tmp_path, **as_begun)
    assert measuring_settings(GRPOSettings(**LIVE), store) == MeasuringSettings(**LEAST, **as_begun, output=str(store))


def test_what_is_said_of_a_store_that_is_there_is_not_passed_over(tmp_path: Path) -> None:
    store = store_measured_with(tmp_path, num_runs_per_sample=3, max_samples=8, answer_metric="anls")
    settings = measuring_settings(GRPOSettings(**LIVE, max_samples=6, answer_metric="exact_match"), store)
    assert (settings.max_samples, settings.answer_metric, settings.num_runs_per_sample) == (6, "exact_match", 3)
