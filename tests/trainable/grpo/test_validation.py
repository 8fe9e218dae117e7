from itertools import pairwise

import pytest
import torch
from profiles import CONFIGURATIONS, images_of, write_profile

from trainable import contract
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.policy import Policy
from trainable.grpo.recipes import RECIPES
from trainable.grpo.validation import Validation, ValidationSet, greedy_choices, validate
from trainable.profiles.features import load_features
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.profiles.table import Profile, load_profile
from trainable.score_parts import ScoreParts

CPU = torch.device("cpu")
FAVOURITE = CONFIGURATIONS.index(("high", 1, 16))
VALIDATION_IMAGES = images_of(VALIDATION, 2)
SECOND_CHOICE = CONFIGURATIONS.index(("high", 1, 4))


def measure(image, configuration):
    """Right on the first validation image only; 10 ms there, 20 ms on the second."""
    first = image == VALIDATION_IMAGES[0]
    return (0.75 if first else 0.5), (10.0 if first else 20.0)


def set_up(results_dir, measured=measure) -> tuple[Profile, ReplayEnvironment, torch.Tensor]:
    images = [*images_of(TRAIN, 4), *VALIDATION_IMAGES]
    profile = load_profile(write_profile(results_dir, measured, images))
    return profile, ReplayEnvironment(profile, load_features(profile), CPU), torch.tensor(profile.samples(VALIDATION))


def stubborn_policy(profile: Profile) -> Policy:
    """Likes (high, 1, 16) best and (high, 1, 4) second, whatever it sees."""
    policy = Policy(256, profile.grid.sizes, (5.0, 30.0), hidden_size=4, num_layers=1, dropout=0.5)
    with torch.no_grad():
        for head, bias in zip(policy.heads, ([0.0, 8.0], [6.0, 0.0], [0.0, 1.0]), strict=True):
            head.weight.zero_()
            head.bias.copy_(torch.tensor(bias))
    return policy


def validated(tmp_path) -> Validation:
    """The stubborn policy under budgets of 5, 10, 15 and 25 ms, a missed one costing .5."""
    profile, environment, samples = set_up(tmp_path)
    judged_on = ValidationSet(samples, profile.images(VALIDATION), {}, torch.tensor([5.0, 10.0, 15.0, 25.0]))

    def reward_of(accuracy, latency_ms, budgets_ms, configurations):
        complexity = torch.tensor(profile.grid.complexity)[configurations]
        return RECIPES["default"].reward(accuracy, latency_ms, budgets_ms, complexity, 0.5)

    return validate(stubborn_policy(profile), environment, judged_on, reward_of)


def test_validation_by_hand(tmp_path):
    # First image: 10 ms is late under 5 alone; second: 20 ms is late under 5, 10, 15.
    # In budget: (3 * .75 + 1 * .5) / 8; accuracy (.75 + .5) / 2; reward: accuracy less .5 for 4 late of 8
    assert validated(tmp_path).metrics == {
        contract.VAL_IN_BUDGET_ACCURACY: pytest.approx(2.75 / 8),
        contract.VAL_ACCURACY_MEAN: pytest.approx(0.625),
        contract.VAL_LATENCY_MEAN: pytest.approx(15.0),
        contract.VAL_VIOLATION_RATE: pytest.approx(0.5),
        contract.VAL_REWARD_MEAN: pytest.approx(0.625 - 0.25),
    }


def test_what_a_report_wants_of_the_best_policy_by_hand(tmp_path):
    found = validated(tmp_path)
    # One sample an image: .75 in three of four budgets, .5 in one. The images in the order of their ids as text.
    by_image = {str(VALIDATION_IMAGES[0]): 0.75 * 3 / 4, str(VALIDATION_IMAGES[1]): 0.5 / 4}
    assert found.parts == ScoreParts("image", tuple(by_image[image] for image in sorted(by_image)), (1, 1))
    assert [(one.budget_ms, one.accuracy, one.latency_ms, one.violation_rate) for one in found.under_budgets] == [
        (5.0, 0.625, 15.0, 1.0),
        (10.0, 0.625, 15.0, 0.5),
        (15.0, 0.625, 15.0, 0.5),
        (25.0, 0.625, 15.0, 0.0),
    ]


def test_the_most_probable_configuration_is_chosen_under_every_budget(tmp_path):
    profile, environment, samples = set_up(tmp_path)
    choices = greedy_choices(stubborn_policy(profile), environment, samples, torch.tensor([5.0, 10.0, 25.0]))
    assert choices.tolist() == [[FAVOURITE] * 3] * 2


def test_a_missing_configuration_is_never_chosen(tmp_path):
    def without_favourite(image, configuration):
        missing = image == VALIDATION_IMAGES[0] and configuration == CONFIGURATIONS[FAVOURITE]
        return None if missing else measure(image, configuration)

    profile, environment, samples = set_up(tmp_path, without_favourite)
    choices = greedy_choices(stubborn_policy(profile), environment, samples, torch.tensor([5.0, 10.0]))
    first = [key.image_id for key in profile.keys].index(str(VALIDATION_IMAGES[0]))
    rows = {int(sample): row.tolist() for sample, row in zip(samples, choices, strict=True)}
    assert rows.pop(first) == [SECOND_CHOICE] * 2
    assert list(rows.values()) == [[FAVOURITE] * 2]


def test_each_choice_is_made_for_its_own_sample_and_budget(shipped):
    profile = shipped.profile
    environment = ReplayEnvironment(profile, shipped.features, CPU)
    torch.manual_seed(0)
    policy = Policy(128, profile.grid.sizes, profile.budget_range_ms, 16, 1, dropout=0.5)
    with torch.no_grad():
        for head in policy.heads:
            head.weight.mul_(20.0)  # opinions strong enough that choices differ
    samples, budgets_ms = torch.tensor(profile.samples(VALIDATION)), torch.tensor(profile.budget_grid_ms)
    together = greedy_choices(policy, environment, samples, budgets_ms)
    assert together.shape == (len(samples), 8)
    assert len(together.unique()) > 10
    assert any(not torch.equal(together[:, one], together[:, other]) for one, other in pairwise(range(8)))
    alone = [
        greedy_choices(policy, environment, samples[i : i + 1], budgets_ms[q : q + 1]) for i, q in [(3, 5), (7, 0)]
    ]
    assert [one.item() for one in alone] == [together[3, 5], together[7, 0]]


def test_validation_draws_nothing_at_random(tmp_path):
    profile, environment, samples = set_up(tmp_path)
    policy = stubborn_policy(profile)
    policy.train()
    before = torch.get_rng_state()
    greedy_choices(policy, environment, samples, torch.tensor([5.0, 10.0]))
    assert torch.equal(torch.get_rng_state(), before)
