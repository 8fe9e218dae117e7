"""One GRPO run: what an epoch reports and does, what it draws, and what the policy learns."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from grpo_runs import EVERYTHING, QUICK, checkpoint, data_of, epochs, leaves, run_of, timeless
from profiles import CONFIGURATIONS, images_of, measure_plausibly, write_profile

from trainable import contract
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.recipes import RECIPES
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.baselines import ORACLE, per_sample
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.runs import Diverged

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


def test_a_few_questions_are_shown_with_what_is_chosen_for_them_and_what_that_measures(small):
    run, profile = run_of(small), small.profile
    run.step()
    shown = run.samples()
    assert len(shown) == 4 * 3
    for row in shown:
        choice = profile.grid.configurations.index((row["tier"], row["top_k"], row["num_active_blocks"]))
        measured = zip(profile.questions, profile.latency_ms[:, choice], profile.accuracy[:, choice], strict=True)
        assert (row["question"], row["latency_ms"], row["accuracy"]) in list(measured)
    low, *_, high = profile.budget_grid_ms
    assert {low, high} < {row["budget_ms"] for row in shown}


def test_looking_at_samples_changes_no_number(small):
    looked_at, left_alone = run_of(small, EVERYTHING), run_of(small, EVERYTHING)
    for metrics in epochs(left_alone, 3):
        assert timeless(looked_at.step()) == metrics
        looked_at.samples()


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
    accuracy = {image: 2.0**index / 4096 for index, image in enumerate(training)}
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


def test_in_16_bits_an_epoch_is_another_and_a_resume_still_goes_on_bit_for_bit(small, tmp_path):
    def half() -> GRPORun:
        return run_of(small, EVERYTHING, precision=contract.BF16)

    uninterrupted, begun, resumed = half(), half(), half()
    expected = epochs(uninterrupted, 4)
    epochs(begun, 2)
    checkpoint(begun, tmp_path / "after_2")
    resumed.load(tmp_path / "after_2")
    assert epochs(resumed, 2) == expected[2:]
    assert expected[0] != epochs(run_of(small, EVERYTHING), 1)[0]
    content = checkpoint(uninterrupted, tmp_path / "after_4")
    assert {tensor.dtype for tensor in content["policy"].values()} == {torch.float32}


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
