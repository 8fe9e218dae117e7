"""What kind of thing each hyperparameter is: a number, on a log scale or not, or a choice.

Its recorded values show the kind; whether it was searched on a log scale, the sweep's record says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from results.record.space import Space, is_log


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter over a number of settings."""

    name: str
    values: Mapping[int, Any]
    """By the index of the setting; those which do not have it (it depends on another) are left out."""
    distribution: BaseDistribution
    """The range of the values, or the choices, which are labels here and the values too."""

    @property
    def is_choice(self) -> bool:
        return isinstance(self.distribution, CategoricalDistribution)

    @property
    def is_log(self) -> bool:
        return bool(getattr(self.distribution, "log", False))


def varied_hyperparameters(settings: Sequence[Mapping[str, Any]], space: Space) -> list[Hyperparameter]:
    """Those with at least two values, in the order in which they come up.

    Args:
        space: what was searched; what is not in it is on no log scale.
    """
    names = dict.fromkeys(name for setting in settings for name in setting)
    found = (_describe(name, {i: s[name] for i, s in enumerate(settings) if name in s}, space) for name in names)
    return [hyperparameter for hyperparameter in found if len(set(hyperparameter.values.values())) > 1]


def _describe(name: str, values: Mapping[int, Any], space: Space) -> Hyperparameter:
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values.values()):
        labels = {index: str(value) for index, value in values.items()}
        return Hyperparameter(name, labels, CategoricalDistribution(sorted(set(labels.values()))))
    kind = IntDistribution if all(isinstance(value, int) for value in values.values()) else FloatDistribution
    low, high = min(values.values()), max(values.values())
    # Starting values may lie outside of the space, even where a logarithm has no value.
    return Hyperparameter(name, values, kind(low, high, log=is_log(space, name) and low > 0))
