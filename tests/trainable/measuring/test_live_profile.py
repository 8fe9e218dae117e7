"""What a run takes for fixed of a store does not depend on how full that is."""

from pathlib import Path

import numpy as np
import pytest
from stores import IMAGES, contents, full_store, record

from trainable.contract import UserError
from trainable.grpo.controller_data import live_data
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.live_profile import LiveProfile, measured_part
from trainable.measuring.store import MeasuredStore
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION, split_of_image

REFERENCE = (0, 1)
LIVE = GRPOSettings(environment="live", model_path="a_model", dataset="toy_vqa")
SPLITS = [split_of_image(image) for image in IMAGES]


def store_with(folder: Path, *samples: int) -> MeasuredStore:
    """Of these samples each cell is measured: the dearer, the slower and the better; later samples are slower, too."""
    store = MeasuredStore.create(folder, contents())
    for configuration in store.contents.configurations:
        store.append(
            configuration,
            [record(sample, configuration / 8, 10.0 * (1 + sample) + configuration) for sample in samples],
        )
    return store


def test_neither_budgets_nor_fingerprint_nor_what_is_allowed_move_as_the_store_fills(tmp_path: Path) -> None:
    store = store_with(tmp_path, *REFERENCE)
    before = LiveProfile.of_store(store)
    # Of sample 0 the latencies are 10 .. 17 ms, of sample 1 20 .. 27: 5 % of the way through 16 lies .75 above the
    # least (15 steps), 95 % .25 above the last but one.
    assert before.budget_range_ms == pytest.approx((10.75, 26.25))
    assert before.allowed.all()
    after = LiveProfile.of_store(store_with(tmp_path, *range(len(IMAGES))))
    assert (after.budget_range_ms, after.fingerprint) == (before.budget_range_ms, before.fingerprint)
    assert np.array_equal(after.allowed, before.allowed)
    assert after.describe() == before.describe()


def test_other_budgets_are_another_profile(tmp_path: Path) -> None:
    one = LiveProfile.of_store(store_with(tmp_path / "one", *REFERENCE))
    slower = MeasuredStore.create(tmp_path / "other", contents())
    for configuration in slower.contents.configurations:
        slower.append(configuration, [record(sample, 1.0, 99.0 + configuration) for sample in REFERENCE])
    assert LiveProfile.of_store(slower).fingerprint != one.fingerprint


def test_what_the_store_leaves_out_of_the_grid_is_never_allowed(tmp_path: Path) -> None:
    store = MeasuredStore.create(tmp_path, contents(configurations=(0, 5)))
    for configuration in (0, 5):
        store.append(configuration, [record(sample, 1.0, 10.0 + configuration) for sample in REFERENCE])
    profile = LiveProfile.of_store(store)
    assert np.flatnonzero(profile.allowed[7]).tolist() == [0, 5]
    assert profile.describe() == "toy_vqa: 8 samples (train 4, validation 2, test 2) x 2 configurations"


def test_without_its_reference_samples_a_store_has_no_budgets(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="8 cells of its reference samples are not measured yet"):
        LiveProfile.of_store(store_with(tmp_path, REFERENCE[0]))


def test_what_is_measured_is_judged_under_the_live_budgets(tmp_path: Path) -> None:
    validated = SPLITS.index(VALIDATION)
    store = store_with(tmp_path, *REFERENCE, validated)
    live, part = LiveProfile.of_store(store), measured_part(store)
    assert part.keys == tuple(live.keys[sample] for sample in (*REFERENCE, validated))
    assert np.array_equal(part.budget_grid_ms, live.budget_grid_ms)
    assert part.fingerprint == live.fingerprint
    assert part.measured.all()


def test_baselines_are_told_once_all_is_known_that_can_be_chosen_in_validation(tmp_path: Path) -> None:
    known = [sample for sample, split in enumerate(SPLITS) if split != TEST]
    data = live_data(store_with(tmp_path, *known[:-1]))
    described = KIND.describe(LIVE, data)
    assert described.baselines == ()
    assert "no baselines and no gap to the oracle until every training and validation cell is meas" in described.summary

    data = live_data(store_with(tmp_path, *known))
    whole = KIND.describe(LIVE, data)
    assert [baseline.name for baseline in whole.baselines] == ["random", "best fixed", "lookup table", "oracle"]
    assert "no baselines" not in whole.summary
    assert whole.fingerprint == described.fingerprint
    assert {metric.name for metric in whole.metrics} == {"Perf/Cells_Measured", "Perf/Cells_Reused"}


def test_a_full_store_is_replayed_like_any_profile(tmp_path: Path) -> None:
    store = full_store(tmp_path)
    data = KIND.prepare(GRPOSettings(results_dir=str(store.folder)))
    assert data.table is data.profile
    assert len(data.profile.samples(TRAIN)) == 4
