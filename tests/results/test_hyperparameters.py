"""What recorded values show of a hyperparameter."""

from results.hyperparameters import varied_hyperparameters


def test_numbers_choices_and_scales_are_recognised() -> None:
    settings = [
        {"lr": 1e-4, "dropout": 0.1, "group_size": 4, "hidden": 16, "recipe": "a", "norm": True, "fixed": 1},
        {"lr": 1e-2, "dropout": 0.5, "group_size": 32, "hidden": 2048, "recipe": "b", "norm": False, "fixed": 1},
    ]
    found = {h.name: (h.kind, h.log) for h in varied_hyperparameters(settings)}
    assert found == {
        "lr": (float, True),
        "dropout": (float, False),  # half a decade
        "group_size": (int, False),
        "hidden": (int, True),
        "recipe": (str, False),
        "norm": (str, False),
    }


def test_zero_and_negative_values_have_no_log_scale() -> None:
    (found,) = varied_hyperparameters([{"x": 0.0}, {"x": 1.0}, {"x": 1000.0}])
    assert not found.log


def test_a_whole_number_among_fractions_is_a_number_like_them() -> None:
    (found,) = varied_hyperparameters([{"x": 1}, {"x": 0.5}])
    assert found.kind is float


def test_text_among_numbers_makes_choices() -> None:
    (found,) = varied_hyperparameters([{"x": "auto"}, {"x": 4}, {"x": None}])
    assert dict(found.values) == {0: "auto", 1: "4", 2: "null"}


def test_a_hyperparameter_that_depends_on_another_keeps_the_places_where_it_is() -> None:
    (found,) = varied_hyperparameters([{"x": 1.0}, {}, {"x": 2.0}])
    assert dict(found.values) == {0: 1.0, 2: 2.0}
