import warnings

import numpy as np
import pytest
from profiles import CONFIGURATIONS, images_of, measure_plausibly, write_profile

from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.baselines import baselines, in_budget_accuracy, parts_by_image, per_sample
from trainable.profiles.budget_points import FRONTIER, IN_BUDGET
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.profiles.table import Profile, load_profile
from trainable.score_parts import interval

QUICK, SLOW = ("low", 1, 4), ("high", 1, 4)


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Profile:
    """A quick configuration (10 ms) that solves one image in two, and a slow one (40 ms) that solves all in training.

    Among the three validation images the quick one solves the first, the slow one the second, none the third.
    """
    training = images_of(TRAIN, 20)
    solved = {image: (index % 2 == 0, True) for index, image in enumerate(training)}
    solved |= dict(zip(images_of(VALIDATION, 3), [(True, False), (False, True), (False, False)], strict=True))

    def measure(image, configuration):
        quick = configuration == QUICK
        return float(solved[image][0 if quick else 1]), 10.0 if quick else 40.0

    return load_profile(write_profile(tmp_path_factory.mktemp("profile"), measure, solved, [QUICK, SLOW]))


def test_the_shipped_profiles_baselines_are_the_published_ones(shipped):
    def values(split):
        return {one.name: round(one.value, 3) for one in baselines(shipped.profile, split)}

    assert values(VALIDATION) == {"random": 0.347, "best fixed": 0.576, "lookup table": 0.586, "oracle": 0.842}
    assert values(TEST) == {"random": 0.364, "best fixed": 0.596, "lookup table": 0.617, "oracle": 0.863}


def test_an_answer_counts_only_within_its_budget(profile):
    # budgets: half of the latencies are 10, half 40, so the grid runs from 10 to 40 in steps of 30/7
    assert profile.budget_range_ms == (10.0, 40.0)
    table = in_budget_accuracy(profile, VALIDATION, profile.budget_grid_ms)
    first, second, third = 0, 1, 2
    assert table.shape == (3, 2, 8)
    assert table[first].tolist() == [[1.0] * 8, [0.0] * 8]
    assert table[second].tolist() == [[0.0] * 8, [0.0] * 7 + [1.0]]
    assert table[third].max() == 0.0


def test_the_baselines_by_hand(profile):
    values = {name: list(of_samples) for name, of_samples in per_sample(profile, VALIDATION).items()}
    # In training the quick one earns 1/2 under each budget; the slow one 1 under the last and 0 under the other seven.
    # random: the mean of both: (1 + 0)/2, (0 + 1/8)/2, 0
    assert values["random"] == [0.5, 0.0625, 0.0]
    # best fixed: quick (1/2 against 1/8)
    assert values["best fixed"] == [1.0, 0.0, 0.0]
    # lookup table: quick under the first seven budgets, slow under the last
    assert values["lookup table"] == [0.875, 0.125, 0.0]
    # oracle: whichever is right and in time
    assert values["oracle"] == [1.0, 0.125, 0.0]


def test_each_baseline_comes_with_its_mean_and_an_interval_around_it(profile):
    found = baselines(profile, VALIDATION)
    assert [one.name for one in found] == ["random", "best fixed", "lookup table", "oracle"]
    assert found[3].value == pytest.approx(1.125 / 3)
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in found)


def test_each_baseline_of_the_shipped_profile_is_there_by_image_and_under_each_budget(shipped):
    described = KIND.describe(GRPOSettings(), shipped).baselines
    assert [one.name for one in described] == ["random", "best fixed", "lookup table", "oracle"]
    for one in described:
        assert len(one.parts.sums) == len(one.parts.counts) == 83  # validation images
        assert sum(one.parts.counts) == 332
        assert sum(one.parts.sums) / sum(one.parts.counts) == pytest.approx(one.value)
        assert one.curves[IN_BUDGET.name].x == tuple(shipped.profile.budget_grid_ms)
        assert np.mean(one.curves[IN_BUDGET.name].y) == pytest.approx(one.value)
        assert list(one.curves[FRONTIER.name].x) == sorted(one.curves[FRONTIER.name].x)


def test_no_choice_beats_the_oracle(shipped):
    for split in (TRAIN, VALIDATION, TEST):
        values = per_sample(shipped.profile, split)
        for name in ("random", "best fixed", "lookup table"):
            assert (values[name] <= values["oracle"] + 1e-6).all()


def test_what_is_not_measured_is_nobodys_choice(tmp_path):
    """A configuration that is there for test images alone cannot be chosen on the training images."""
    test_images = images_of(TEST, 3)

    def measure(image, configuration):
        if configuration == ("low", 1, 16):
            return (1.0, 0.1) if image in test_images else None
        return measure_plausibly(image, configuration)

    images = [*images_of(TRAIN, 8), *images_of(VALIDATION, 4), *test_images]
    whole = load_profile(write_profile(tmp_path / "whole", measure, images))
    without = [configuration for configuration in CONFIGURATIONS if configuration != ("low", 1, 16)]
    less = load_profile(write_profile(tmp_path / "less", measure, images, without))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert baselines(whole, VALIDATION) == baselines(less, VALIDATION)


def test_questions_about_one_image_count_as_one_draw():
    # Two images, a hundred questions each; one is always right, one never. Resampling images gives means 0, .5 and 1
    # with chances 1/4, 1/2, 1/4, so the middle 95 % reach from 0 to 1, where 200 questions would give .43 to .57.
    values = np.repeat([0.0, 1.0], 100)
    assert interval(parts_by_image(values, np.repeat(["a", "b"], 100))) == (0.0, 1.0)


def test_the_interval_of_a_constant_is_that_constant():
    assert interval(parts_by_image(np.full(30, 0.25), np.arange(30))) == (0.25, 0.25)


def test_the_interval_is_as_wide_as_theory_says():
    # The mean of 400 independent halves: .5 +- 1.96 * .5 / sqrt(400) = .451 to .549
    low, high = interval(parts_by_image(np.tile([0.0, 1.0], 200), np.arange(400)))
    assert (low, high) == (pytest.approx(0.451, abs=0.005), pytest.approx(0.549, abs=0.005))
