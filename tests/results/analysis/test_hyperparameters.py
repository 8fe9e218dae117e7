"""What recorded values show of a hyperparameter, and what the record of the space adds."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from results.analysis.hyperparameters import varied_hyperparameters

LOG = FloatDistribution(1e-5, 1e3, log=True)


def test_numbers_and_choices_are_recognised_and_the_space_tells_the_scale() -> None:
    settings = [
        {"lr": 1e-4, "dropout": 0.1, "group_size": 4, "recipe": "a", "norm": True, "fixed": 1},
        {"lr": 2e-4, "dropout": 0.5, "group_size": 2048, "recipe": "b", "norm": False, "fixed": 1},
    ]
    space = {"lr": LOG, "dropout": FloatDistribution(0.0, 0.5)}
    assert {h.name: h.distribution for h in varied_hyperparameters(settings, space)} == {
        "lr": FloatDistribution(1e-4, 2e-4, log=True),  # though its values are close to each other
        "dropout": FloatDistribution(0.1, 0.5),
        "group_size": IntDistribution(4, 2048),  # though they span decades: nobody said that it is
        "recipe": CategoricalDistribution(["a", "b"]),
        "norm": CategoricalDistribution(["False", "True"]),
    }


def test_a_starting_value_that_has_no_logarithm_leaves_the_scale_linear() -> None:
    (found,) = varied_hyperparameters([{"x": 0.0}, {"x": 1.0}, {"x": 1000.0}], {"x": LOG})
    assert not found.is_log


def test_a_whole_number_among_fractions_is_a_number_like_them() -> None:
    (found,) = varied_hyperparameters([{"x": 1}, {"x": 0.5}], {})
    assert isinstance(found.distribution, FloatDistribution)


def test_text_among_numbers_makes_choices() -> None:
    (found,) = varied_hyperparameters([{"x": "auto"}, {"x": 4}, {"x": None}], {})
    assert dict(found.values) == {0: "auto", 1: "4", 2: "None"}


def test_a_hyperparameter_that_depends_on_another_keeps_the_indices_where_it_is() -> None:
    (found,) = varied_hyperparameters([{"x": 1.0}, {}, {"x": 2.0}], {})
    assert dict(found.values) == {0: 1.0, 2: 2.0}
