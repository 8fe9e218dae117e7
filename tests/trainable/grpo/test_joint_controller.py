import subprocess
import sys
from pathlib import Path

import pytest
from profiles import measure_plausibly, write_profile

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings


def test_a_run_is_called_by_what_it_searches():
    hyperparameters = {"lr": 0.00031622776, "group_size": 8, "budget_penalty": 2.0}
    assert KIND.run_name.format(**hyperparameters, created="20260101-120000") == "grpo-g8-lr0.000316-20260101-120000"


def test_trials_are_ranked_by_accuracy_in_budget_and_more_is_better():
    assert KIND.objective == "Val/In_Budget_Accuracy"
    assert KIND.modes[KIND.objective] == "max"


def test_every_metric_a_trial_can_be_ranked_by_has_a_sensible_direction():
    worse_when_larger = {contract.VAL_LATENCY_MEAN, contract.VAL_VIOLATION_RATE, contract.VAL_ORACLE_GAP}
    assert {name for name, mode in KIND.modes.items() if mode == "min"} == worse_when_larger
    assert set(KIND.modes.values()) == {"min", "max"}


def test_the_shipped_data_in_words_and_numbers(shipped):
    description = KIND.describe(GRPOSettings(), shipped)
    assert description.summary.startswith("digit_vqa: 2,000 samples (train 1,324, validation 332, test 344)")
    assert description.summary.endswith("x 60 configurations; budgets 6.068 to 29.95 ms")
    assert description.fingerprint == shipped.profile.fingerprint
    assert [one.name for one in description.baselines] == ["random", "best fixed", "lookup table", "oracle"]
    assert [round(one.value, 3) for one in description.baselines] == [0.347, 0.576, 0.586, 0.842]


def test_what_is_missing_from_a_profile_is_in_its_description(tmp_path):
    def measure(image, configuration):
        _, top_k, _ = configuration
        return None if (image, top_k) == (0, 1) else measure_plausibly(image, configuration)

    settings = GRPOSettings(results_dir=str(write_profile(tmp_path, measure)))
    summary = KIND.describe(settings, KIND.prepare(settings)).summary
    # image 0 lacks top_k 1 under two tiers and two numbers of blocks; 24 samples x 8 configurations
    assert "4 of 192 (sample, configuration) pairs are not measured: never chosen" in summary


def test_only_the_named_datasets_are_trained_on(tmp_path):
    write_profile(tmp_path, dataset="toy_vqa")
    write_profile(tmp_path, dataset="ok_vqa")
    settings = GRPOSettings(results_dir=str(tmp_path), dataset_names=("ok_vqa",))
    assert KIND.prepare(settings).profile.datasets == ("ok_vqa",)


def test_a_budget_flag_beyond_the_profiles_own_range_leaves_nothing_to_draw(tmp_path):
    settings = GRPOSettings(results_dir=str(write_profile(tmp_path)), latency_budget_min=500.0)
    with pytest.raises(UserError, match=r"latency budgets from 500 to .* the range is empty .*--latency_budget_min or"):
        KIND.prepare(settings)


def test_a_profile_that_is_not_there_is_found_out_before_any_trial(tmp_path):
    with pytest.raises(UserError, match="there is no such directory"):
        KIND.prepare(GRPOSettings(results_dir=str(tmp_path / "nowhere")))


def test_importing_the_kind_imports_neither_torch_nor_numpy():
    code = (
        "import sys, trainable.grpo.joint_controller; print([m for m in ('torch', 'numpy', 'ray') if m in sys.modules])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert other.stdout.strip() == "[]"


@pytest.mark.parametrize("step_ms", [0.0, 2e-6])
def test_a_profile_without_any_difference_in_latency_is_refused(tmp_path: Path, step_ms: float) -> None:
    profile = write_profile(tmp_path, measure=lambda image, configuration: (1.0, 20.0 + step_ms * configuration[1]))
    with pytest.raises(UserError, match="its training latencies are both 20 ms, so there is no latency to trade"):
        KIND.prepare(GRPOSettings(results_dir=str(profile)))
