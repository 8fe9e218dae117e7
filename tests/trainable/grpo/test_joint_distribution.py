import itertools
import math

import pytest
import torch
from torch import Tensor

from trainable.grpo.joint_distribution import joint_log_probabilities, sample_groups

KNOB_SIZES = (3, 4, 5)
NUM_CONFIGURATIONS = 60


def logits_of(batch_size: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [2 * torch.randn(batch_size, size, generator=generator, dtype=torch.float64) for size in KNOB_SIZES]


def half_allowed(batch_size: int) -> Tensor:
    return torch.rand(batch_size, NUM_CONFIGURATIONS, generator=torch.Generator().manual_seed(1)) < 0.5


def enumerated(logits: list[Tensor], allowed: Tensor) -> Tensor:
    """The joint probabilities, one configuration after the other, by multiplication and division."""
    heads = [head.softmax(dim=1) for head in logits]
    rows = []
    for state in range(len(allowed)):
        products = [
            math.prod(float(head[state, index]) for head, index in zip(heads, indices, strict=True))
            for indices in itertools.product(*(range(size) for size in KNOB_SIZES))
        ]
        kept = [product * bool(ok) for product, ok in zip(products, allowed[state], strict=True)]
        rows.append([value / sum(kept) for value in kept])
    return torch.tensor(rows, dtype=torch.float64)


def test_on_a_complete_profile_the_joint_is_the_plain_product_of_the_heads():
    logits, allowed = logits_of(6), torch.ones(6, NUM_CONFIGURATIONS, dtype=torch.bool)
    torch.testing.assert_close(joint_log_probabilities(logits, allowed).exp(), enumerated(logits, allowed))
    first, second, third = (head.log_softmax(dim=1) for head in logits)
    product = first[:, 2] + second[:, 1] + third[:, 3]  # the last knob varies fastest: 2 * 20 + 1 * 5 + 3 = 48
    torch.testing.assert_close(joint_log_probabilities(logits, allowed)[:, 48], product)


def test_on_an_incomplete_profile_it_is_the_product_restricted_and_renormalised():
    logits, allowed = logits_of(6), half_allowed(6)
    log_probabilities = joint_log_probabilities(logits, allowed)
    torch.testing.assert_close(log_probabilities.exp(), enumerated(logits, allowed))
    assert torch.equal(log_probabilities == -torch.inf, ~allowed)
    torch.testing.assert_close(log_probabilities.exp().sum(dim=1), torch.ones(6, dtype=torch.float64))


def test_adding_a_constant_to_a_heads_logits_changes_nothing():
    logits, allowed = logits_of(6), half_allowed(6)
    shifted = [logits[0] + 5.0, logits[1] - 100.0, logits[2]]
    torch.testing.assert_close(joint_log_probabilities(shifted, allowed), joint_log_probabilities(logits, allowed))


def test_states_do_not_influence_each_other():
    logits, allowed = logits_of(6), half_allowed(6)
    order = torch.tensor([4, 2, 0, 5, 3, 1])
    shuffled = joint_log_probabilities([head[order] for head in logits], allowed[order])
    torch.testing.assert_close(shuffled, joint_log_probabilities(logits, allowed)[order], rtol=0, atol=0)


def test_a_configuration_that_is_not_allowed_sends_no_gradient_and_no_nan():
    logits = [head.requires_grad_() for head in logits_of(2)]
    allowed = torch.zeros(2, NUM_CONFIGURATIONS, dtype=torch.bool)
    allowed[:, :2] = True  # first knob 0, second 0, third 0 or 1
    joint_log_probabilities(logits, allowed)[:, 0].sum().backward()
    # Only the third head decides between the two; its values 2 to 4 are out of the game.
    assert torch.allclose(logits[0].grad, torch.zeros(2, 3, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(logits[1].grad, torch.zeros(2, 4, dtype=torch.float64), atol=1e-12)
    p = logits[2].detach()[:, :2].softmax(dim=1)
    expected = torch.stack([1 - p[:, 0], -p[:, 1]], dim=1)  # d log p_0 by the two logits
    torch.testing.assert_close(logits[2].grad[:, :2], expected)
    torch.testing.assert_close(logits[2].grad[:, 2:], torch.zeros(2, 3, dtype=torch.float64))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_draws_follow_the_joint_distribution(seed):
    log_probabilities = joint_log_probabilities(logits_of(1), half_allowed(1))
    group_size = 50_000
    drawn = sample_groups(log_probabilities, group_size, torch.Generator().manual_seed(seed))
    expected = group_size * log_probabilities.exp()[0]
    observed = torch.bincount(drawn.flatten(), minlength=NUM_CONFIGURATIONS).double()
    likely = expected >= 5
    chi_square = ((observed - expected)[likely] ** 2 / expected[likely]).sum().item()
    # Mean df, variance 2 df; five standard deviations above the mean is out of reach of chance.
    df = int(likely.sum()) - 1
    assert chi_square < df + 5 * math.sqrt(2 * df)


def test_the_members_of_a_group_are_drawn_independently():
    log_probabilities = torch.tensor([[0.5, 0.3, 0.2]]).log().expand(40_000, 3)
    pairs = sample_groups(log_probabilities, 2, torch.Generator().manual_seed(0))
    # Equal with probability .25 + .09 + .04 = .38; the standard deviation of the share is sqrt(.38 * .62 / 40000)
    assert (pairs[:, 0] == pairs[:, 1]).float().mean().item() == pytest.approx(0.38, abs=4 * 0.00243)


def test_a_configuration_that_is_not_allowed_is_never_drawn():
    allowed = half_allowed(50)
    logits = [100.0 * head for head in logits_of(50)]  # however much the heads would like it
    drawn = sample_groups(joint_log_probabilities(logits, allowed), 200, torch.Generator().manual_seed(0))
    assert allowed.gather(1, drawn).all()


def test_a_group_has_as_many_members_as_asked():
    log_probabilities = joint_log_probabilities(logits_of(7), half_allowed(7))
    drawn = sample_groups(log_probabilities, 11, torch.Generator().manual_seed(0))
    assert drawn.shape == (7, 11)
    assert drawn.dtype == torch.int64


def test_draws_depend_on_the_generator_alone():
    log_probabilities = joint_log_probabilities(logits_of(7), half_allowed(7))
    first = sample_groups(log_probabilities, 5, torch.Generator().manual_seed(4))
    torch.manual_seed(99)
    again = sample_groups(log_probabilities, 5, torch.Generator().manual_seed(4))
    other = sample_groups(log_probabilities, 5, torch.Generator().manual_seed(5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
