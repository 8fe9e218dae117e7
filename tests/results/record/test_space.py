"""The search space in a sweep's record."""

from pathlib import Path

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from results.record.space import read_space, write_space


def test_every_kind_of_distribution_is_read_back_as_it_was_searched(tmp_path: Path) -> None:
    space = {
        "lr": FloatDistribution(1e-5, 1e-2, log=True),
        "dropout": FloatDistribution(0.0, 0.5, step=0.1),
        "group_size": IntDistribution(2, 32),
        "recipe": CategoricalDistribution(["default", "original", None]),
    }
    write_space(tmp_path, space)
    assert read_space(tmp_path) == space


def test_a_folder_without_a_space_has_an_empty_one(tmp_path: Path) -> None:
    assert read_space(tmp_path) == {}
