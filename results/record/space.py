"""What a sweep searched, as Optuna describes a distribution: in memory its own objects, on disk its own JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, distribution_to_json, json_to_distribution

from results.files.atomic_write import write_json
from trainable import contract
from trainable.contract import UserError

Space = Mapping[str, BaseDistribution]
"""By hyperparameter."""


SEEN_IN_DRAWS = "seen_in_draws"
"""Marks, beside what Optuna writes of a distribution, one that a function was seen to draw from; a trial's own lies in
its proposal.json."""


def write_space(folder: Path, space: Space, seen_in_draws: int = 0) -> None:
    """
    Args:
        seen_in_draws: in how many draws it was seen, where what is searched is a function of the trial.
    """
    mark = {SEEN_IN_DRAWS: seen_in_draws} if seen_in_draws else {}
    content = {name: json.loads(distribution_to_json(distribution)) | mark for name, distribution in space.items()}
    write_json(folder / contract.SPACE_FILE, content)


def space_from_json(file: Path, content: Mapping[str, Any]) -> Space:
    """From what `write_space` wrote.

    Args:
        file: that held it.

    Raises:
        UserError: it describes no distribution.
    """
    return {name: _distribution(file, name, described) for name, described in content.items()}


def _distribution(file: Path, name: str, described: Any) -> BaseDistribution:
    try:
        return json_to_distribution(json.dumps(described))
    except (
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
    ) as error:  # Optuna's ways to say that it knows no such distribution
        raise UserError(f"{file}: {name} is no distribution ({error}); restore the file") from None


def ends(distribution: BaseDistribution) -> tuple[Any, ...]:
    """Every choice, or both ends of a range."""
    if isinstance(distribution, CategoricalDistribution):
        return tuple(distribution.choices)
    return distribution.low, distribution.high  # type: ignore[attr-defined]


def is_log(space: Space, name: str) -> bool:
    """Whether a hyperparameter is searched on a logarithmic scale."""
    return bool(getattr(space.get(name), "log", False))
