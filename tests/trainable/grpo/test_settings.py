import math

import pytest

from trainable.contract import UserError
from trainable.grpo.settings import SHIPPED_PROFILE, GRPOSettings


def test_the_settings_everybody_starts_from():
    settings = GRPOSettings()
    assert (settings.lr, settings.group_size, settings.budget_penalty) == (1e-4, 5, 10.0)
    assert (settings.recipe, settings.updates_per_batch, settings.kl_coefficient) == ("default", 1, 0.0)
    assert settings.profile == SHIPPED_PROFILE


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("batch_size", 0, "at least 1"),
        ("updates_per_batch", 0, "at least 1"),
        ("hidden_size", 0, "at least 1"),
        ("num_layers", 0, "at least 1"),
        ("group_size", 1, "at least 2"),
        ("lr", 0.0, "above 0"),
        ("lr", -1e-4, "above 0"),
        ("lr", math.nan, "above 0"),
        ("lr", math.inf, "above 0"),
        ("clip_epsilon", 0.0, "above 0"),
        ("max_grad_norm", 0.0, "above 0"),
        ("budget_penalty", -0.1, "0 or more"),
        ("budget_penalty", math.nan, "0 or more"),
        ("kl_coefficient", -1.0, "0 or more"),
        ("entropy_coefficient", -1.0, "0 or more"),
        ("weight_decay", -1.0, "0 or more"),
        ("dropout", 1.0, "at least 0 and below 1"),
        ("dropout", -0.1, "at least 0 and below 1"),
        ("recipe", "mine", "one of default, original"),
        ("latency_budget_min", 0.0, "above 0 ms"),
        ("latency_budget_max", -5.0, "above 0 ms"),
        ("latency_budget_max", math.nan, "above 0 ms"),
    ],
)
def test_a_value_out_of_its_range_is_named_with_its_limit(name, value, limit):
    with pytest.raises(UserError) as caught:
        GRPOSettings(**{name: value})
    assert str(caught.value).startswith(f"{name} is {value!r}; it must be {limit}")


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_size", 1), ("group_size", 2), ("budget_penalty", 0.0), ("dropout", 0.0), ("recipe", "original"),
     ("entropy_coefficient", 0.0), ("weight_decay", 0.0), ("latency_budget_min", 0.001)],
)  # fmt: skip
def test_a_value_at_its_limit_is_accepted(name, value):
    assert getattr(GRPOSettings(**{name: value}), name) == value


def test_a_range_of_budgets_that_is_upside_down_names_both_ends():
    with pytest.raises(UserError, match=r"latency_budget_min is 20.0; it must be at most latency_budget_max \(10 ms\)"):
        GRPOSettings(latency_budget_min=20.0, latency_budget_max=10.0)
