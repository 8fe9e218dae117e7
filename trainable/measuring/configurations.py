"""Which configurations of a model's grid are measured: those that a file names, or a few that are spread over it.

The file holds an object of knobs, each with the values to combine, or a list of configurations:

    {"top_k": [1, 4], "num_active_blocks": [8, 16]}                      a knob that it leaves out has all its values
    [{"tier": "low", "top_k": 1, "num_active_blocks": 8}, ...]

Letters: `C` configurations of the grid, `K` knobs.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainable.contract import UserError
from trainable.profiles.files import KNOB_NAMES
from trainable.profiles.knobs import KnobGrid
from trainable.system_errors import reading

FEWEST = 2
"""With one configuration there is nothing to choose."""


@dataclass(frozen=True)
class _Wanted:
    """What a file asks for."""

    values: Mapping[str, tuple[str | int, ...]]
    """Of each knob that it names, all its values there."""
    listed: tuple[Mapping[str, str | int], ...] | None
    """The configurations themselves; None where every combination is wanted."""


def knob_values(file: Path) -> Mapping[str, tuple[str | int, ...]]:
    """Of each knob that a file names, the values that a model has to be able to have.

    Raises:
        UserError: it cannot be read, or is neither an object of knobs nor a list of configurations.
    """
    return _read(file).values


def choose_configurations(grid: KnobGrid, file: Path | None, most: int | None) -> tuple[KnobGrid, tuple[int, ...]]:
    """The configurations to measure.

    Args:
        grid: all that the model can have.
        file: what is asked for; all of the grid when None.
        most: at most so many, spread over those.

    Returns:
        The grid of the values that they have, and their indices in it, ascending.

    Raises:
        UserError: the file is of no use, asks for what the grid lacks, or for fewer than two.
    """
    chosen = tuple(range(len(grid.configurations))) if file is None else _indices(grid, file, _read(file))
    if most is not None and most < len(chosen):
        chosen = spread(grid, chosen, most)
    configurations = [grid.configurations[index] for index in chosen]
    used = [set(values) for values in zip(*configurations, strict=True)]
    values = (
        tuple(value for value in all_values if value in of_knob)
        for all_values, of_knob in zip(grid.values, used, strict=True)
    )
    narrowed = KnobGrid(grid.names, tuple(values))
    return narrowed, tuple(map(narrowed.configurations.index, configurations))


def spread(grid: KnobGrid, among: Sequence[int], most: int) -> tuple[int, ...]:
    """So many of these configurations, far from each other: the cheapest, the dearest, and then always the one that is
    farthest from all that are chosen (farthest-point sampling: Gonzalez, 1985), the first of equals.

    Args:
        among: indices into the grid, more than `most`. most: at least 2.
    """
    places = _places(grid)[list(among)]  # [C, K]
    complexity = places.sum(axis=1)
    chosen = [int(complexity.argmin()), int(complexity.argmax())]
    while len(chosen) < most:
        distances = np.linalg.norm(places[:, None] - places[chosen], axis=2).min(axis=1)  # [C]
        distances[chosen] = -1.0
        chosen.append(int(distances.argmax()))
    return tuple(sorted(among[place] for place in chosen))


def _indices(grid: KnobGrid, file: Path, wanted: _Wanted) -> tuple[int, ...]:
    known = dict(zip(grid.names, grid.values, strict=True))
    for name, values in wanted.values.items():
        if name not in known:
            raise UserError(
                f"--configurations {file}: the model has no knob {name}, only {', '.join(grid.names)}; take it out"
            )
        if lacking := [value for value in values if value not in known[name]]:
            raise UserError(
                f"--configurations {file}: {name} {lacking[0]} cannot be had; it can be "
                f"{', '.join(map(str, known[name]))}"
            )
    if wanted.listed is None:
        configurations = set(itertools.product(*(wanted.values.get(name, known[name]) for name in grid.names)))
    else:
        configurations = {_configuration(grid, file, one) for one in wanted.listed}
    if len(configurations) < FEWEST:
        raise UserError(f"--configurations {file}: there is nothing to choose; name {FEWEST} or more")
    return tuple(sorted(map(grid.configurations.index, configurations)))


def _configuration(grid: KnobGrid, file: Path, one: Mapping[str, str | int]) -> tuple[str | int, ...]:
    if lacking := [name for name in grid.names if name not in one]:
        raise UserError(f"--configurations {file}: {json.dumps(one):.80} lacks {lacking[0]}; name every knob's value")
    return tuple(one[name] for name in grid.names)


def _read(file: Path) -> _Wanted:
    with reading(file):
        raw = file.read_bytes()
    try:
        content = json.loads(raw)
        if isinstance(content, dict):
            return _Wanted({name: _values(name, values) for name, values in content.items()}, None)
        if not isinstance(content, list) or not content or not all(isinstance(one, dict) for one in content):
            raise ValueError("it is neither an object of each knob's values nor a list of configurations")
        names = dict.fromkeys(itertools.chain.from_iterable(content))
        values = {name: _values(name, [one[name] for one in content if name in one]) for name in names}
    except (ValueError, RecursionError) as error:
        raise UserError(f"--configurations {file}: {error}; mend it, or go without for all configurations") from None
    return _Wanted(values, tuple(content))


def _values(name: str, values: Any) -> tuple[str | int, ...]:
    if name not in KNOB_NAMES:
        raise ValueError(f"there is no knob {name!r}, only {', '.join(KNOB_NAMES)}")
    kind = str if name == "tier" else int
    if not isinstance(values, list) or not values or not all(type(value) is kind for value in values):
        raise ValueError(f"{name} is {json.dumps(values):.40}, not {'names' if kind is str else 'whole numbers'}")
    return tuple(dict.fromkeys(values))


def _places(grid: KnobGrid) -> np.ndarray:
    """Each knob's place in its range, 0 (cheapest) to 1 (dearest), [C, K]."""
    return np.array(list(itertools.product(*(np.linspace(0.0, 1.0, size) for size in grid.sizes))))
