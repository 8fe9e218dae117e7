"""The loss's gradient against expectations that are computed in full: every configuration, every possible group."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from trainable.grpo.advantages import group_advantages
from trainable.grpo.joint_distribution import joint_log_probabilities
from trainable.grpo.loss import entropy, kl_divergence, policy_gradient_loss
from trainable.grpo.policy import Policy

KNOB_SIZES = (2, 3)
ALL = torch.ones(1, 6, dtype=torch.bool)
SOME = torch.tensor([[True, False, True, True, False, True]])
REWARDS = torch.tensor([0.9, -0.4, 0.1, 1.3, 0.2, -2.0], dtype=torch.float64)
CLIP = 0.2


def small_policy() -> tuple[Policy, Tensor, Tensor]:
    """A policy in float64, with the features and the budget of one state."""
    torch.manual_seed(3)
    policy = Policy(5, KNOB_SIZES, (5.0, 30.0), hidden_size=4, num_layers=1, dropout=0.0).double()
    return policy, torch.randn(1, 5, dtype=torch.float64), torch.tensor([12.0], dtype=torch.float64)


def gradient(policy: Policy, value: Tensor) -> Tensor:
    """Of a scalar, by every parameter of the policy, as one vector."""
    parameters = list(policy.parameters())
    parts = torch.autograd.grad(value, parameters, retain_graph=True)
    return torch.cat([part.flatten() for part in parts])


@pytest.mark.parametrize("allowed", [ALL, SOME], ids=["complete", "incomplete"])
@pytest.mark.parametrize("group_size", [2, 3])
def test_the_expected_gradient_over_all_groups_is_that_of_the_expected_reward(allowed, group_size):
    policy, features, budget = small_policy()
    log_probabilities = joint_log_probabilities(policy(features, budget), allowed)  # [1, C]
    possible = torch.nonzero(allowed[0]).flatten().tolist()

    expected_gradient = torch.zeros(1)
    for group in itertools.product(possible, repeat=group_size):
        configurations = torch.tensor([group])
        of_group = log_probabilities.gather(1, configurations)
        advantages = group_advantages(REWARDS[configurations], divide_by_std=False)
        loss = policy_gradient_loss(of_group, of_group.detach(), advantages, CLIP)
        expected_gradient = expected_gradient + of_group.sum().exp().detach() * gradient(policy, loss)

    # A member is centred by a mean that contains its own reward, so E[A_i grad log p_i] is
    # grad sum_c p(c) R(c) less a share 1/G of itself.
    expected_reward = sum(log_probabilities[0, c].exp() * REWARDS[c] for c in possible)
    by_theory = -(1 - 1 / group_size) * gradient(policy, expected_reward)
    assert by_theory.norm() > 0.01
    torch.testing.assert_close(expected_gradient, by_theory, rtol=1e-9, atol=1e-12)


def test_with_the_std_two_configurations_differ_by_unit_advantages_however_close_their_rewards():
    logits = torch.tensor([[0.3, -0.5]], dtype=torch.float64, requires_grad=True)
    log_probabilities = joint_log_probabilities([logits], torch.ones(1, 2, dtype=torch.bool))
    p, q = log_probabilities.detach().exp()[0].tolist()
    rewards = torch.tensor([0.501, 0.5], dtype=torch.float64)

    expected_gradient = torch.zeros(1, 2, dtype=torch.float64)
    for group in itertools.product((0, 1), repeat=2):
        of_group = log_probabilities.gather(1, torch.tensor([group]))
        advantages = group_advantages(rewards[torch.tensor([group])], divide_by_std=True)
        loss = policy_gradient_loss(of_group, of_group.detach(), advantages, CLIP)
        weight = of_group.sum().exp().detach()
        expected_gradient += weight * torch.autograd.grad(loss, logits, retain_graph=True)[0]

    # Only the groups (0, 1) and (1, 0), probability 2pq, teach: centred +-d/2 over the unbiased std d/sqrt(2) gives
    # +-1/sqrt(2); the loss averages two members, so its gradient is -(grad log p - grad log q) / (2 sqrt(2)), and by
    # the logits grad log p - grad log q is (1, -1).
    by_hand = -2 * p * q / (2 * math.sqrt(2)) * torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(expected_gradient, by_hand, rtol=1e-4, atol=0)  # STD_FLOOR against d = .001


def test_the_first_update_is_the_plain_policy_gradient():
    log_probabilities = torch.tensor([[-1.0, -2.0], [-0.5, -3.0]], requires_grad=True)
    advantages = torch.tensor([[1.0, -1.0], [0.5, -0.5]])
    policy_gradient_loss(log_probabilities, log_probabilities.detach(), advantages, CLIP).backward()
    # d/dlogp of -(A * logp).mean() over four entries
    assert torch.equal(log_probabilities.grad, -advantages / 4)


def test_a_ratio_that_left_the_clip_range_earns_no_more_but_can_still_be_called_back():
    ratios = torch.tensor([[1.5, 0.5, 1.5, 0.5, 1.1]])
    advantages = torch.tensor([[1.0, 1.0, -1.0, -1.0, 2.0]])
    old = torch.full((1, 5), -2.0)
    log_probabilities = (old + ratios.log()).requires_grad_()

    loss = policy_gradient_loss(log_probabilities, old, advantages, CLIP)
    loss.backward()

    # min(r A, clip(r, .8, 1.2) A): 1.2 (clipped), .5, -1.5, -.8 (clipped), 2.2; their mean 1.6 / 5
    assert loss.item() == pytest.approx(-0.32, rel=1e-5)
    # d/dlogp = r A where not clipped: 0, .5, -1.5, 0, 2.2; over -5
    torch.testing.assert_close(log_probabilities.grad, -torch.tensor([[0.0, 0.5, -1.5, 0.0, 2.2]]) / 5)


def test_the_entropy_of_equal_chances_is_the_logarithm_of_their_number():
    logits = [torch.zeros(1, 2), torch.zeros(1, 3)]
    assert entropy(joint_log_probabilities(logits, ALL)).item() == pytest.approx(math.log(6))
    assert entropy(joint_log_probabilities(logits, SOME)).item() == pytest.approx(math.log(4))


def test_the_entropy_of_a_product_is_the_sum_of_the_heads_entropies():
    first, second = torch.randn(5, 2), torch.randn(5, 3)
    log_probabilities = joint_log_probabilities([first, second], ALL.expand(5, 6))
    heads = [torch.distributions.Categorical(logits=logits).entropy() for logits in (first, second)]
    torch.testing.assert_close(entropy(log_probabilities), heads[0] + heads[1])


def test_the_only_possible_configuration_has_entropy_0_and_a_gradient_of_0():
    logits = torch.randn(1, 6, requires_grad=True)
    only = torch.tensor([[False, False, True, False, False, False]])
    value = entropy(joint_log_probabilities([logits], only))
    value.sum().backward()
    assert value.item() == 0.0
    assert torch.equal(logits.grad, torch.zeros(1, 6))


def test_the_divergence_is_that_of_the_textbook():
    policy = torch.tensor([[0.5, 0.25, 0.25]]).log()
    reference = torch.tensor([[0.25, 0.25, 0.5]]).log()
    # .5 log 2 + .25 log 1 + .25 log(1/2) = .25 log 2
    assert kl_divergence(policy, reference).item() == pytest.approx(0.25 * math.log(2))
    assert kl_divergence(policy, policy).item() == 0.0


def test_the_divergence_passes_over_what_is_never_chosen():
    policy = torch.tensor([[0.75, 0.0, 0.25]]).log()
    reference = torch.tensor([[0.5, 0.0, 0.5]]).log()
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert kl_divergence(policy, reference).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["entropy", "divergence"])
def test_the_gradient_is_that_of_finite_differences(name):
    logits = torch.randn(2, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    reference = joint_log_probabilities([torch.linspace(0, 1, 6, dtype=torch.float64).expand(2, 6)], SOME)

    def value(x: Tensor) -> Tensor:
        log_probabilities = joint_log_probabilities([x], SOME.expand(2, 6))
        return entropy(log_probabilities) if name == "entropy" else kl_divergence(log_probabilities, reference)

    assert torch.autograd.gradcheck(value, (logits,))
