"""Settings as points of the unit cube: logarithms where the space has them, and cells for what is discrete."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

Space = Mapping[str, BaseDistribution]


def points(space: Space, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """[n, d]; a discrete value lies in the middle of its cell."""
    return np.array([[_place(space[name], config[name]) for name in space] for config in configs])


def config_at(space: Space, point: np.ndarray) -> dict[str, Any]:
    """The setting there; `point` [d] is within the cube."""
    return {name: _value(of, float(place)) for (name, of), place in zip(space.items(), point, strict=True)}


def _place(distribution: BaseDistribution, value: Any) -> float:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return (choices.index(value) + 0.5) / len(choices)
        case IntDistribution(low=low, high=high, log=False):
            return (value - low + 0.5) / (high - low + 1)
        case FloatDistribution(low=low, high=high, log=True):
            return math.log(value / low) / math.log(high / low)
        case FloatDistribution(low=low, high=high):
            return float((value - low) / (high - low))
    raise TypeError(f"{distribution} has no place in the unit cube yet")


def _value(distribution: BaseDistribution, place: float) -> Any:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[min(int(place * len(choices)), len(choices) - 1)]
        case IntDistribution(low=low, high=high, log=False):
            return min(low + int(place * (high - low + 1)), high)
        case FloatDistribution(low=low, high=high, log=True):
            return float(np.clip(low * (high / low) ** place, low, high))
        case FloatDistribution(low=low, high=high):
            return float(np.clip(low + (high - low) * place, low, high))
    raise TypeError(f"{distribution} has no place in the unit cube yet")
