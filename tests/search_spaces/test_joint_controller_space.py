from optuna.distributions import FloatDistribution

from search_spaces.joint_controller import SPACE
from trainable.grpo.settings import GRPOSettings
from trainable.settings_fields import Role, names_with


def test_the_space_holds_the_three_hyperparameters_of_the_run():
    assert list(SPACE) == names_with(Role.HYPERPARAMETER, GRPOSettings) == ["lr", "group_size", "budget_penalty"]


def test_what_everybody_starts_from_lies_within_the_space():
    for name, distribution in SPACE.items():
        assert distribution.low <= getattr(GRPOSettings(), name) <= distribution.high


def test_both_ends_of_every_dimension_are_settings_that_a_trial_can_have():
    for name, distribution in SPACE.items():
        for value in (distribution.low, distribution.high):
            assert getattr(GRPOSettings(**{name: value}), name) == value


def test_what_spans_orders_of_magnitude_is_searched_by_them():
    for distribution in SPACE.values():
        if isinstance(distribution, FloatDistribution) and distribution.high / distribution.low >= 100:
            assert distribution.log
