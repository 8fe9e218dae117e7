"""The grid of configurations: every combination of the knobs' values, numbered once.

K knobs with n_1 .. n_K values make C = n_1 * ... * n_K configurations; a configuration is an index into that grid, the
last knob varying fastest.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class KnobGrid:
    """The knobs' names and, for each, its values from the cheapest to the dearest."""

    names: tuple[str, ...]
    values: tuple[tuple[str | int, ...], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(values) for values in self.values)

    @property
    def num_configurations(self) -> int:
        return int(np.prod(self.sizes))

    @cached_property
    def positions(self) -> np.ndarray:
        """Which value of each knob a configuration takes, int64 [C, K]."""
        return np.stack(np.unravel_index(np.arange(self.num_configurations), self.sizes), axis=1)

    @cached_property
    def complexity(self) -> np.ndarray:
        """Mean over the knobs of each value's place in its range, 0 (all cheapest) to 1 (all dearest), float32 [C]."""
        last = np.maximum(np.array(self.sizes) - 1, 1)
        complexity: np.ndarray = (self.positions / last).mean(axis=1).astype(np.float32)
        return complexity

    def index(self, configuration: dict[str, str | int]) -> int:
        """The number of a configuration given by its knobs' values."""
        places = [values.index(configuration[name]) for name, values in zip(self.names, self.values, strict=True)]
        return int(np.ravel_multi_index(places, self.sizes))

    def configuration(self, index: int) -> dict[str, str | int]:
        """The knobs' values of a configuration."""
        places = self.positions[index]
        return {name: values[place] for name, values, place in zip(self.names, self.values, places, strict=True)}
