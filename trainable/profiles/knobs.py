"""The grid of configurations: every combination of the knobs' values, in one order.

K knobs with n_1 .. n_K values make C = n_1 * ... * n_K configurations; a configuration is an index into that grid, the
last knob varying fastest.
"""

import itertools
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

    @cached_property
    def configurations(self) -> tuple[tuple[str | int, ...], ...]:
        """Each configuration's values, one of each knob, [C] of [K]."""
        return tuple(itertools.product(*self.values))

    @cached_property
    def complexity(self) -> np.ndarray:
        """Mean over the knobs of a value's position in its range, 0 (all cheapest) to 1 (all dearest), float32 [C]."""
        positions = [np.arange(size) / max(size - 1, 1) for size in self.sizes]
        complexity: np.ndarray = np.array(list(itertools.product(*positions))).mean(axis=1).astype(np.float32)
        return complexity
