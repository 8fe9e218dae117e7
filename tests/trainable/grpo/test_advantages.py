import pytest
import torch

from trainable.grpo.advantages import group_advantages, zero_variance_groups

BOTH = pytest.mark.parametrize("divide_by_std", [False, True])


def rewards_of(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_reward_counts_by_its_distance_from_the_groups_mean():
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [2.0, 4.0, 6.0, 8.0]])
    # means 1/4 and 5
    expected = torch.tensor([[0.75, -0.25, -0.25, -0.25], [-3.0, -1.0, 1.0, 3.0]])
    assert torch.equal(group_advantages(rewards, divide_by_std=False), expected)


def test_the_std_is_the_unbiased_one_of_the_group():
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    # squares of the centred rewards: .5625 + 3 * .0625 = .75; / (4 - 1) = .25; std .5
    expected = torch.tensor([[1.5, -0.5, -0.5, -0.5]], dtype=torch.float64)
    torch.testing.assert_close(group_advantages(rewards, divide_by_std=True), expected, rtol=1e-6, atol=0)


@BOTH
def test_each_group_has_mean_0_and_the_shape_of_its_rewards(divide_by_std):
    advantages = group_advantages(rewards_of(7, 5), divide_by_std)
    assert advantages.shape == (7, 5)
    torch.testing.assert_close(advantages.mean(dim=1), torch.zeros(7, dtype=torch.float64))


@BOTH
def test_the_order_of_members_and_of_groups_does_not_matter(divide_by_std):
    rewards = rewards_of(4, 6)
    members, groups = torch.tensor([3, 1, 5, 0, 2, 4]), torch.tensor([2, 0, 3, 1])
    shuffled = group_advantages(rewards[groups][:, members], divide_by_std)
    torch.testing.assert_close(shuffled, group_advantages(rewards, divide_by_std)[groups][:, members])


@BOTH
def test_a_group_is_judged_without_regard_to_the_other_groups(divide_by_std):
    rewards = rewards_of(4, 6)
    changed = rewards.clone()
    changed[1:] = 1000.0 * changed[1:] + 7.0
    assert torch.equal(group_advantages(changed, divide_by_std)[0], group_advantages(rewards, divide_by_std)[0])


@BOTH
def test_adding_a_constant_to_a_group_changes_nothing(divide_by_std):
    rewards = rewards_of(4, 6)
    torch.testing.assert_close(
        group_advantages(rewards + torch.tensor([[3.0], [-2.0], [0.0], [11.0]]), divide_by_std),
        group_advantages(rewards, divide_by_std),
    )


def test_the_std_takes_away_the_rewards_scale_and_only_the_std_does():
    rewards = rewards_of(4, 6)
    torch.testing.assert_close(group_advantages(3 * rewards, False), 3 * group_advantages(rewards, False))
    torch.testing.assert_close(group_advantages(3 * rewards, True), group_advantages(rewards, True))


@BOTH
def test_equal_rewards_give_advantages_of_exactly_0(divide_by_std):
    # The float32 mean of 7 times .3 is not .3, and the std of rounding errors is as small as they are.
    values = torch.rand(500, 1, generator=torch.Generator().manual_seed(1))
    for group_size in range(2, 33):
        advantages = group_advantages(values.expand(-1, group_size).contiguous(), divide_by_std)
        assert torch.equal(advantages, torch.zeros(500, group_size))


def test_a_group_teaches_nothing_only_if_all_of_its_rewards_are_equal():
    rewards = torch.tensor([[0.3, 0.3, 0.3], [0.0, 0.0, 1e-6], [-2.0, -2.0, -2.0], [1.0, 0.0, 1.0]])
    assert zero_variance_groups(rewards).tolist() == [True, False, True, False]
