import math

import torch

from trainable.grpo.policy import BUDGET_FREQUENCIES, BudgetEncoding, Policy

RANGE_MS = (6.07, 29.95)  # the shipped profile's


def policy_of(dropout: float = 0.0, num_layers: int = 2) -> Policy:
    torch.manual_seed(0)
    return Policy(5, (3, 4, 5), RANGE_MS, hidden_size=16, num_layers=num_layers, dropout=dropout)


def raw_encoding(budgets_ms: torch.Tensor) -> torch.Tensor:
    """What the encoding gives its MLP."""
    encoding = BudgetEncoding(RANGE_MS, 8)
    encoding.mlp = torch.nn.Identity()
    return encoding(budgets_ms)


def test_one_tensor_of_logits_per_knob():
    logits = policy_of()(torch.randn(7, 5), torch.full((7,), 10.0))
    assert [tuple(head.shape) for head in logits] == [(7, 3), (7, 4), (7, 5)]


def test_each_state_is_answered_by_itself():
    policy, features, budgets = policy_of(), torch.randn(6, 5), torch.linspace(7, 29, 6)
    order = torch.tensor([4, 2, 0, 5, 3, 1])
    for together, shuffled in zip(policy(features, budgets), policy(features[order], budgets[order]), strict=True):
        torch.testing.assert_close(together[order], shuffled)


def test_features_and_budget_both_reach_every_head():
    policy, features, budgets = policy_of(), torch.randn(1, 5), torch.tensor([10.0])
    for head, other in zip(policy(features, budgets), policy(features + 1.0, budgets), strict=True):
        assert not torch.equal(head, other)
    for head, other in zip(policy(features, budgets), policy(features, budgets * 2), strict=True):
        assert not torch.equal(head, other)


def test_dropout_is_for_training_alone():
    policy, features, budgets = policy_of(dropout=0.5), torch.randn(4, 5), torch.full((4,), 10.0)
    assert not torch.equal(policy(features, budgets)[0], policy(features, budgets)[0])
    policy.eval()
    assert torch.equal(policy(features, budgets)[0], policy(features, budgets)[0])


def test_the_policy_has_as_many_hidden_layers_as_asked():
    for num_layers in (1, 3):
        linear = [module for module in policy_of(num_layers=num_layers).trunk if isinstance(module, torch.nn.Linear)]
        assert len(linear) == num_layers


def test_a_budget_is_encoded_by_its_position_on_a_logarithmic_scale():
    low, high = RANGE_MS
    middle = math.sqrt(low * high)
    encoded = raw_encoding(torch.tensor([low, middle, high]))
    assert encoded.shape == (3, 1 + 2 * BUDGET_FREQUENCIES)
    torch.testing.assert_close(encoded[:, 0], torch.tensor([0.0, 0.5, 1.0]), atol=1e-5, rtol=0)
    # half a turn over the range at the lowest frequency: sin 0, sin pi/2, sin pi
    torch.testing.assert_close(encoded[:, 1], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5, rtol=0)


def test_two_budgets_5_percent_apart_look_different():
    budgets = torch.linspace(*RANGE_MS, 500)
    distance = (raw_encoding(1.05 * budgets) - raw_encoding(budgets)).norm(dim=1)
    # log(1.05) is 3.06 % of the range's 1.6; at 8 turns (16 pi) that is 88 degrees: 2 sin 44 = 1.4 by that pair alone
    assert distance.min() > 1.4


def test_no_two_budgets_5_percent_apart_or_more_share_a_code():
    budgets = RANGE_MS[0] * 1.05 ** torch.arange(33)  # up to 28.9 ms
    codes = raw_encoding(budgets)
    assert torch.pdist(codes).min() > 1.0


def test_a_policy_can_learn_to_tell_budgets_5_percent_apart():
    policy = policy_of()
    budgets = 10.0 * 1.05 ** torch.arange(4)
    wanted = torch.tensor([0, 1, 0, 1])
    features = torch.zeros(4, 5)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(policy(features, budgets)[0], wanted).backward()
        optimizer.step()
    assert policy(features, budgets)[0].argmax(dim=1).tolist() == wanted.tolist()
