"""A search space as the search takes it, checked."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.reading.prior import Prior


@dataclass(frozen=True)
class SearchSpace:
    """What is searched, and what is believed of it."""

    distributions: Mapping[str, BaseDistribution]
    """By hyperparameter."""
    prior: Mapping[str, Prior] = field(default_factory=dict)
    """Of any of them; the others are believed to be as good anywhere in their range."""


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a value is one of a distribution's.

    Reaches into optuna 5.0, whose distributions tell it in no public way.
    """
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except ValueError:  # no such choice, no number, or none that has a logarithm
        return False


def distribution_fault(distribution: Any) -> str:
    """What is wrong with what should be a distribution, and what to do; empty where nothing is."""
    if not isinstance(distribution, BaseDistribution):
        return (
            f"is {distribution!r}, not an Optuna distribution such as "
            "optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)"
        )
    for choice in distribution.choices if isinstance(distribution, CategoricalDistribution) else ():
        if not (choice is None or type(choice) in (bool, int, float, str)):
            return f"has the choice {choice!r:.80}, which no record can hold; give text, a number, True, False or None"
    if not all(abs(number) <= sys.float_info.max for number in _numbers(distribution)):  # False for NaN, too
        return f"is {distribution!s:.80}, which is not finite; give it finite numbers"
    return ""


def _numbers(distribution: BaseDistribution) -> list[float]:
    """The ends of a range and what lies between them, or the choices that are numbers."""
    match distribution:
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high):
            return [low, high, high - low]
        case CategoricalDistribution(choices=choices):
            return [choice for choice in choices if isinstance(choice, (int, float))]
    return []


def prior_fault(prior: Any, distribution: BaseDistribution | None) -> str:
    """What is wrong with what should be a prior of that hyperparameter, and what to do; empty where nothing is.

    Args:
        distribution: None where the hyperparameter is not searched.
    """
    if distribution is None:
        return "is of a hyperparameter that is not searched; search it, or leave its prior out"
    if not isinstance(prior, Prior):
        return f"is {prior!r:.80}, not a prior such as search_spaces.Prior(5e-4, 0.2)"
    if not contains(distribution, prior.centre):
        return f"has the centre {prior.centre!r:.80}, which is none of {distribution}; give a value that is searched"
    if not (type(prior.width) in (int, float) and 0 < prior.width <= 1):
        return f"has the width {prior.width!r:.80}; give a share of the range, above 0 and at most 1"
    return ""
