"""What a run reports of an epoch: numbers by name, declared by its kind or not."""

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from trainable.contract import is_metric
from trainable.terminal.text import one_line


def name_fault(name: object) -> str:
    """Why no metric can be called so, and what to do; empty where one can."""
    if not isinstance(name, str) or not name.strip() or one_line(name) != name:
        return "a metric's name is one line of text"
    return "" if is_metric(name) else "a row has a column of that name besides its metrics, so call it otherwise"


def reported_metrics(reported: Mapping[str, Any], needed: Iterable[str]) -> dict[str, float]:
    """What a run's step gave, as the record holds it: numbers of Python's, under names that are no other column's.

    Raises:
        TypeError, ValueError: something in it is no metric.
        KeyError: one of those that trials are ranked by is not in it.
    """
    if not isinstance(reported, Mapping):
        raise TypeError(f"the run reported {reported!r:.40} of an epoch, not a dict of metrics")
    metrics = {}
    for name, value in reported.items():
        if fault := name_fault(name):
            raise ValueError(f"the run reported {name!r:.40}; {fault}")
        plain = value.item() if hasattr(value, "item") else value
        if not isinstance(plain, numbers.Real):
            raise TypeError(f"the run reported a {type(value).__name__} as {name}; a metric is a number")
        try:
            metrics[name] = float(plain)
        except OverflowError:
            raise ValueError(f"the run reported a number too large for a float as {name}") from None
    for name in needed:
        if name not in metrics:
            raise KeyError(f"the run reported no {name}, by which trials are ranked; it reported {[*metrics]}")
    return metrics
