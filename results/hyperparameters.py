"""What kind of thing each hyperparameter is, as its recorded values show: a number, on a log scale or not, or a choice.

The space that they were drawn from is a Python file of the user's, which may be gone or changed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LOG_SPAN = {float: 10.0, int: 100.0}
"""Positive numbers whose largest is this many times their smallest are taken to be on a log scale."""


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter over a number of settings."""

    name: str
    values: Mapping[int, Any]
    """By the place of the setting; those which do not have it (it depends on another) are left out."""
    kind: type
    """int or float, or str for choices: their values are labels here."""
    log: bool


def varied_hyperparameters(settings: Sequence[Mapping[str, Any]]) -> list[Hyperparameter]:
    """Those with at least two values, in the order in which they come up."""
    names = dict.fromkeys(name for setting in settings for name in setting)
    found = (_describe(name, {i: s[name] for i, s in enumerate(settings) if name in s}) for name in names)
    return [hyperparameter for hyperparameter in found if len(set(hyperparameter.values.values())) > 1]


def on_log_scale(values: Sequence[float], kind: type) -> bool:
    """Whether numbers look as if drawn on a log scale."""
    return min(values) > 0 and max(values) >= LOG_SPAN[kind] * min(values)


def _describe(name: str, values: Mapping[int, Any]) -> Hyperparameter:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values.values()):
        kind = int if all(isinstance(value, int) for value in values.values()) else float
        return Hyperparameter(name, values, kind, on_log_scale(list(values.values()), kind))
    labels = {place: value if isinstance(value, str) else json.dumps(value) for place, value in values.items()}
    return Hyperparameter(name, labels, str, log=False)
