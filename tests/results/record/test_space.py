"""The search space in a sweep's record."""

import json
from pathlib import Path

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from results.record.space import space_from_json, write_space


def test_every_kind_of_distribution_is_read_back_as_it_was_searched(tmp_path: Path) -> None:
    space = {
        "lr": FloatDistribution(1e-5, 1e-2, log=True),
        "dropout": FloatDistribution(0.0, 0.5, step=0.1),
        "group_size": IntDistribution(2, 32),
        "recipe": CategoricalDistribution(["default", "original", None]),
    }
    write_space(tmp_path, space)
    file = tmp_path / "search_space.json"
    assert space_from_json(file, json.loads(file.read_text(encoding="utf-8"))) == space
