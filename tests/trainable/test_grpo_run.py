import dataclasses
import math
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from profiles import CONFIGURATIONS, images_of, measure_plausibly, write_profile

from trainable import contract
from trainable.baselines import ORACLE, per_sample
from trainable.environment import ReplayEnvironment
from trainable.grpo_run import CHECKPOINT_FILE, ControllerData, GRPORun
from trainable.grpo_settings import GRPOSettings
from trainable.image_split import TEST, TRAIN, VALIDATION
from trainable.joint_controller import KIND
from trainable.recipes import RECIPES
from trainable.runs import BestPolicy, DamagedCheckpoint, Diverged
from trainable.validation import validate

CPU = torch.device("cpu")
QUICK = GRPOSettings(lr=1e-2, batch_size=5, hidden_size=8, budget_penalty=1.0)

EVERYTHING = dataclasses.replace(QUICK, dropout=0.3, updates_per_batch=2, kl_coefficient=0.1, entropy_coefficient=0.05)
"""Uses all that could carry a state from one epoch into the next: dropout, the second update, the start policy."""


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> ControllerData:
    return data_of(write_profile(tmp_path_factory.mktemp("profile")))


def data_of(results_dir: Path) -> ControllerData:
    return KIND.prepare(GRPOSettings(results_dir=str(results_dir)))


def run_of(data: ControllerData, settings: GRPOSettings = QUICK, seed: int = 0) -> GRPORun:
    return GRPORun(settings, data, seed, "cpu")


def timeless(metrics: dict[str, float]) -> dict[str, float]:
    """All but what the clock says."""
    return {name: value for name, value in metrics.items() if not name.startswith("Perf/")}


def epochs(run: GRPORun, count: int) -> list[dict[str, float]]:
    return [timeless(run.step()) for _ in range(count)]


def checkpoint(run: GRPORun, folder: Path) -> dict[str, Any]:
    """What a checkpoint of the run holds, read without trusting it."""
    folder.mkdir(parents=True, exist_ok=True)
    run.save(folder)
    return torch.load(folder / CHECKPOINT_FILE, weights_only=True)


def leaves(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a checkpoint, with its path; tensors as bytes, so that equal means equal to the last bit."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, f"{name}/{key}")
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from leaves(value, f"{name}/{place}")
    else:
        yield name, content.numpy().tobytes() if isinstance(content, torch.Tensor) else content


# What an epoch reports.


def test_an_epoch_reports_exactly_the_metrics_of_the_contract(small):
    metrics = run_of(small).step()
    assert set(metrics) == {
        "Train/Loss", "Train/Reward_Mean", "Train/Reward_Std", "Train/Accuracy_Mean", "Train/Accuracy_Std",
        "Train/Latency_Mean", "Train/Latency_Std", "Train/Budget_Violation_Rate", "Train/Entropy",
        "Train/Zero_Variance_Groups", "Val/Reward_Mean", "Val/Accuracy_Mean", "Val/Latency_Mean",
        "Val/Budget_Violation_Rate", "Val/In_Budget_Accuracy", "Val/Oracle_Gap", "Perf/Samples_Per_Second",
    }  # fmt: skip
    assert all(type(value) is float and math.isfinite(value) for value in metrics.values())


def test_rates_and_accuracies_lie_between_0_and_1_and_latencies_within_the_profile(small):
    for metrics in epochs(run_of(small), 3):
        for name, value in metrics.items():
            if "Accuracy" in name or "Rate" in name or "Groups" in name:
                assert 0 <= value <= 1, name
        latencies = small.profile.latency_ms
        assert latencies.min() <= metrics["Train/Latency_Mean"] <= latencies.max()
        assert 0 < metrics["Train/Entropy"] <= math.log(8) + 1e-6
        assert metrics["Val/In_Budget_Accuracy"] <= metrics["Val/Accuracy_Mean"]


def test_the_oracles_gap_is_what_is_left_to_gain(small):
    metrics = run_of(small).step()
    oracle = per_sample(small.profile, VALIDATION)[ORACLE].mean()
    assert metrics["Val/Oracle_Gap"] == pytest.approx(oracle - metrics["Val/In_Budget_Accuracy"])
    assert metrics["Val/Oracle_Gap"] >= 0


# What an epoch does.


@pytest.fixture(scope="module")
def coin(tmp_path_factory) -> ControllerData:
    """Two configurations, one right, one wrong, equally fast on one image; 12 images to train on."""
    return data_of(
        write_profile(
            tmp_path_factory.mktemp("coin"),
            lambda image, configuration: (float(configuration[0] == "high"), 10.0 + image % 3),
            configurations=[("low", 1, 4), ("high", 1, 4)],
        )
    )


@pytest.mark.parametrize("group_size", [2, 3, 8])
def test_each_sample_is_executed_under_as_many_configurations_as_the_group_has_members(coin, group_size):
    # A tiny lr keeps both outcomes alive. Of n zeros and ones with mean m the unbiased variance is
    # m (1 - m) n / (n - 1), which gives n away.
    metrics = run_of(coin, dataclasses.replace(QUICK, group_size=group_size, lr=1e-6)).step()
    mean, variance = metrics["Train/Accuracy_Mean"], metrics["Train/Accuracy_Std"] ** 2
    executions = variance / (variance - mean * (1 - mean))
    assert executions == pytest.approx(12 * group_size, rel=1e-6)


def test_the_larger_a_group_the_seldomer_all_of_its_members_agree(coin):
    def share(group_size: int) -> float:
        run = run_of(coin, dataclasses.replace(QUICK, group_size=group_size, lr=1e-6))
        return float(np.mean([run.step()["Train/Zero_Variance_Groups"] for _ in range(20)]))

    # Near-even odds p: p^2 + (1 - p)^2 is .5 or a little more for two members, p^8 + (1 - p)^8 under .1 for eight.
    # 240 groups: standard deviation .03
    assert 0.4 < share(2) < 0.7
    assert share(8) < 0.15


@pytest.mark.parametrize(
    ("batch_size", "updates", "steps"), [(5, 1, 3), (12, 1, 1), (100, 1, 1), (1, 1, 12), (5, 4, 12)]
)
def test_the_optimiser_steps_once_per_batch_and_update(small, tmp_path, batch_size, updates, steps):
    # 12 training samples in batches of 5, 5, 2
    run = run_of(small, dataclasses.replace(QUICK, batch_size=batch_size, updates_per_batch=updates))
    run.step()
    content = checkpoint(run, tmp_path)
    assert content["optimizer"]["state"][0]["step"].item() == steps


def test_every_training_sample_is_visited_once_an_epoch(tmp_path):
    # Accuracy is 1, 2, 4, ... over 4096 in the order of the images, the same under every configuration: the mean over
    # an epoch is the sum of all twelve, 4095 / 4096, over 12, only if each was there equally often.
    training = images_of(TRAIN, 12)
    accuracy = {image: 2.0**place / 4096 for place, image in enumerate(training)}
    data = data_of(write_profile(tmp_path, lambda image, c: (accuracy.get(image, 0.5), measure_plausibly(image, c)[1])))
    for metrics in epochs(run_of(data), 3):
        assert metrics["Train/Accuracy_Mean"] == pytest.approx(4095 / 4096 / 12, rel=1e-6)


def test_groups_whose_rewards_are_all_equal_teach_nothing(tmp_path):
    data = data_of(write_profile(tmp_path / "profile", lambda image, configuration: (0.3, 10.0 + image % 3)))
    run = run_of(data, dataclasses.replace(QUICK, entropy_coefficient=0.0, weight_decay=0.0))
    before = checkpoint(run, tmp_path / "before")
    metrics = run.step()
    after = checkpoint(run, tmp_path / "after")
    assert metrics["Train/Zero_Variance_Groups"] == 1.0
    assert metrics["Train/Loss"] == 0.0
    assert dict(leaves(before["policy"])) == dict(leaves(after["policy"]))


def test_training_budgets_follow_the_flags_and_validation_budgets_do_not(small):
    # Every latency of the profile is below 26 ms: budgets from 100 ms are never violated, up to 1 ms always.
    generous = dataclasses.replace(QUICK, latency_budget_min=100.0, latency_budget_max=200.0, lr=1e-9)
    stingy = dataclasses.replace(QUICK, latency_budget_min=0.5, latency_budget_max=1.0, lr=1e-9)
    rows = [run_of(small, settings).step() for settings in (generous, stingy)]
    assert [row["Train/Budget_Violation_Rate"] for row in rows] == [0.0, 1.0]
    assert rows[0]["Val/Budget_Violation_Rate"] == rows[1]["Val/Budget_Violation_Rate"]
    assert 0 < rows[0]["Val/Budget_Violation_Rate"] < 1


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_the_budget_penalty_reaches_the_reward_of_training_and_of_validation(small, recipe):
    none, ten = (
        run_of(small, dataclasses.replace(QUICK, recipe=recipe, lr=1e-9, budget_penalty=penalty)).step()
        for penalty in (0.0, 10.0)
    )
    assert none["Train/Reward_Mean"] > ten["Train/Reward_Mean"]
    assert none["Val/Reward_Mean"] > ten["Val/Reward_Mean"]
    assert none["Val/In_Budget_Accuracy"] == ten["Val/In_Budget_Accuracy"]


def test_an_entropy_bonus_keeps_the_policy_undecided(coin):
    def entropy(coefficient: float) -> float:
        run = run_of(coin, dataclasses.replace(QUICK, entropy_coefficient=coefficient))
        return epochs(run, 15)[-1]["Train/Entropy"]

    assert entropy(3.0) > 0.9 * math.log(2) > 0.5 > entropy(0.0)


def test_the_divergence_holds_the_policy_near_its_start(coin):
    def entropy(coefficient: float) -> float:
        settings = dataclasses.replace(QUICK, entropy_coefficient=0.0, kl_coefficient=coefficient)
        return epochs(run_of(coin, settings), 15)[-1]["Train/Entropy"]

    assert entropy(10.0) > 0.9 * math.log(2) > 0.5 > entropy(0.0)


# What a missing measurement and a test image may do: nothing.


def test_a_missing_configuration_is_never_sampled(tmp_path):
    """Half of the pairs are missing; a single one executed would make the means NaN."""

    def measure(image, configuration):
        measured = (image + CONFIGURATIONS.index(configuration)) % 2 == 0
        return measure_plausibly(image, configuration) if measured else None

    data = data_of(write_profile(tmp_path, measure))
    run = run_of(data, EVERYTHING)
    for metrics in epochs(run, 5):
        assert all(math.isfinite(value) for value in metrics.values())
        assert metrics["Train/Entropy"] <= math.log(4) + 1e-6  # four of eight to choose from


@pytest.mark.parametrize("accuracy_and_latency", [(1.0, 1e-3), (0.0, 1e7)], ids=["too good", "too bad"])
def test_the_test_images_are_never_read_by_training_or_validation(small, tmp_path, accuracy_and_latency):
    absurd = images_of(TEST, 6)

    def measure(image, configuration):
        return accuracy_and_latency if image in absurd else measure_plausibly(image, configuration)

    poisoned = data_of(write_profile(tmp_path, measure))
    for split in (TRAIN, VALIDATION):
        rows = small.profile.samples(split)
        np.testing.assert_array_equal(poisoned.profile.latency_ms[rows], small.profile.latency_ms[rows])
    assert poisoned.profile.fingerprint != small.profile.fingerprint
    assert epochs(run_of(poisoned, EVERYTHING), 4) == epochs(run_of(small, EVERYTHING), 4)


def test_validation_images_choose_the_best_epoch_and_nothing_else(small, tmp_path):
    held_out = images_of(VALIDATION, 6)

    def measure(image, configuration):
        return (1.0, 1e-3) if image in held_out else measure_plausibly(image, configuration)

    changed = epochs(run_of(data_of(write_profile(tmp_path, measure)), EVERYTHING), 3)
    for row, other in zip(epochs(run_of(small, EVERYTHING), 3), changed, strict=True):
        assert {n: v for n, v in row.items() if n[:3] != "Val"} == {n: v for n, v in other.items() if n[:3] != "Val"}
        assert other["Val/In_Budget_Accuracy"] == 1.0


# Determinism.


def test_the_same_seed_gives_the_same_bits(small, tmp_path):
    one, other = run_of(small, EVERYTHING), run_of(small, EVERYTHING)
    assert epochs(one, 4) == epochs(other, 4)
    assert dict(leaves(checkpoint(one, tmp_path / "a"))) == dict(leaves(checkpoint(other, tmp_path / "b")))


def test_another_seed_gives_another_start_and_other_draws(small):
    first = [run_of(small, EVERYTHING, seed).step() for seed in range(3)]
    assert len({row["Train/Loss"] for row in first}) == 3
    assert len({row["Train/Latency_Mean"] for row in first}) == 3


def test_two_epochs_of_one_run_draw_differently(small):
    rows = epochs(run_of(small, dataclasses.replace(QUICK, lr=1e-12, weight_decay=0.0)), 3)
    assert len({row["Train/Latency_Mean"] for row in rows}) == 3


def test_an_epoch_neither_hears_nor_moves_the_global_generator(small):
    quiet = epochs(run_of(small, EVERYTHING), 3)
    run, disturbed = run_of(small, EVERYTHING), []
    for noise in range(3):
        torch.manual_seed(noise)
        torch.rand(noise)
        before = torch.get_rng_state()
        disturbed.append(timeless(run.step()))
        assert torch.equal(torch.get_rng_state(), before)
    assert disturbed == quiet


def test_runs_that_take_turns_in_one_process_do_not_disturb_each_other(small):
    alone = epochs(run_of(small, EVERYTHING), 3)
    one, other = run_of(small, EVERYTHING), run_of(small, dataclasses.replace(EVERYTHING, lr=0.1), seed=7)
    taken = []
    for _ in range(3):
        taken.append(timeless(one.step()))
        other.step()
    assert taken == alone


# Checkpoints.


@pytest.mark.parametrize("stopped_after", [1, 2, 4])
@pytest.mark.parametrize("settings", [QUICK, EVERYTHING], ids=["plain", "everything"])
def test_a_restored_run_is_to_the_bit_the_one_that_never_stopped(small, tmp_path, settings, stopped_after):
    never_stopped = run_of(small, settings)
    whole = epochs(never_stopped, 6)

    stopped = run_of(small, settings)
    before = epochs(stopped, stopped_after)
    stopped.save(tmp_path)
    stopped.close()
    restored = run_of(small, settings)
    restored.load(tmp_path)
    after = epochs(restored, 6 - stopped_after)

    assert before + after == whole
    ends = [dict(leaves(checkpoint(run, tmp_path / str(i)))) for i, run in enumerate((never_stopped, restored))]
    assert ends[0] == ends[1]
    best = [(tmp_path / str(i) / contract.BEST_POLICY_FILE).read_text() for i in range(2)]
    assert best[0] == best[1]


def test_a_run_restored_in_another_process_is_the_same_too(small, tmp_path):
    run = run_of(small, EVERYTHING)
    epochs(run, 2)
    run.save(tmp_path)
    code = f"""
import torch; torch.set_num_threads(1)
from pathlib import Path
from trainable.grpo_run import GRPORun
from trainable.grpo_settings import GRPOSettings
from trainable.joint_controller import KIND
data = KIND.prepare(GRPOSettings(results_dir={str(small.profile.results_dir)!r}))
run = GRPORun({EVERYTHING!r}, data, 0, "cpu")
run.load(Path({str(tmp_path)!r}))
print({{name: value for name, value in run.step().items() if not name.startswith("Perf/")}})
"""
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(timeless(run.step()))


def test_a_checkpoint_loads_without_trusting_it_and_names_its_settings(small, tmp_path):
    run = run_of(small, EVERYTHING, seed=5)
    epochs(run, 2)
    content = checkpoint(run, tmp_path)
    assert (content["epoch"], content["seed"]) == (2, 5)
    assert content["settings"]["lr"] == EVERYTHING.lr
    assert content["settings"]["recipe"] == "default"


def in_budget(data: ControllerData, run: GRPORun, policy: dict[str, Any]) -> float:
    """The score of a policy from a checkpoint, by validating it anew."""
    environment = ReplayEnvironment(data.profile, data.features, CPU)
    fresh = run._initial_policy(data)
    fresh.load_state_dict(policy)
    samples = torch.tensor(data.profile.samples(VALIDATION))
    budgets_ms, complexity = torch.tensor(data.profile.budget_grid_ms), torch.tensor(data.profile.grid.complexity)
    return validate(fresh, environment, samples, budgets_ms, RECIPES["default"], complexity, 1.0).metrics[
        contract.VAL_IN_BUDGET_ACCURACY
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_every_checkpoint_carries_the_best_policy_so_far_and_its_epoch(small, tmp_path, seed):
    run = run_of(small, seed=seed)
    scores, policies = [], []
    for epoch in range(1, 11):
        scores.append(run.step()[contract.VAL_IN_BUDGET_ACCURACY])
        content = checkpoint(run, tmp_path / str(epoch))
        policies.append(dict(leaves(content["policy"])))
        best = content["best"]
        assert best["epoch"] == scores.index(max(scores)) + 1  # the first of equals
        assert best["score"] == max(scores)
        assert dict(leaves(best["policy"])) == policies[best["epoch"] - 1]
        assert in_budget(small, run, best["policy"]) == best["score"]
        described = BestPolicy.read(tmp_path / str(epoch))
        assert described.epoch == best["epoch"]
        assert sum(described.parts.sums) / sum(described.parts.counts) == pytest.approx(best["score"])
    assert any(later <= earlier for earlier, later in pairwise(scores))  # else no epoch was passed over


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_checkpoint_is_damaged(small, tmp_path, share):
    run = run_of(small)
    run.step()
    run.save(tmp_path)
    file = tmp_path / CHECKPOINT_FILE
    raw = file.read_bytes()
    file.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(DamagedCheckpoint, match=CHECKPOINT_FILE):
        run_of(small).load(tmp_path)


@pytest.mark.parametrize("file", [CHECKPOINT_FILE, contract.BEST_POLICY_FILE])
def test_a_checkpoint_folder_without_one_of_its_files_is_damaged(small, tmp_path, file):
    run = run_of(small)
    run.step()
    run.save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(DamagedCheckpoint, match=file):
        run_of(small).load(tmp_path)


def test_a_run_that_met_a_damaged_checkpoint_still_starts_from_the_beginning(small, tmp_path):
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"torn")
    run = run_of(small)
    with pytest.raises(DamagedCheckpoint):
        run.load(tmp_path)
    assert epochs(run, 2) == epochs(run_of(small), 2)


# Divergence and learning.


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_a_training_whose_numbers_explode_says_in_which_epoch(small, recipe):
    run = run_of(small, dataclasses.replace(QUICK, lr=1e30, recipe=recipe))
    with pytest.raises(Diverged, match="epoch 1: loss nan, gradient norm nan"):
        run.step()


def test_the_policy_learns_what_the_profile_has_to_teach(coin):
    rows = epochs(run_of(coin), 30)
    assert rows[0]["Train/Accuracy_Mean"] < 0.7
    assert rows[-1]["Train/Accuracy_Mean"] > 0.95
    assert rows[-1]["Val/Accuracy_Mean"] == 1.0


def test_on_the_shipped_profile_the_policy_beats_the_lookup_table(shipped):
    run = run_of(shipped, GRPOSettings(lr=1e-3, budget_penalty=1.0, group_size=8))
    best = max(run.step()[contract.VAL_IN_BUDGET_ACCURACY] for _ in range(8))
    assert best > 0.586


def test_the_original_recipe_collapses_to_the_cheapest_configuration(shipped):
    run = run_of(shipped, GRPOSettings(lr=1e-3, recipe="original"))
    rows = epochs(run, 5)
    assert rows[-1]["Val/In_Budget_Accuracy"] < 0.576  # the best fixed configuration
    # What it chooses is (low, 1, 4), number 0, for every sample and budget.
    validation = shipped.profile.samples(VALIDATION)
    assert rows[-1]["Val/Latency_Mean"] == pytest.approx(shipped.profile.latency_ms[validation, 0].mean(), rel=1e-5)
    assert rows[-1]["Train/Entropy"] < 1.0 < rows[0]["Train/Entropy"]
