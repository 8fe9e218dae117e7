"""What a run reports of an epoch: the metrics that its kind declares, and whatever other numbers it has."""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainable.contract import is_metric
from trainable.terminal.text import one_line


@dataclass(frozen=True)
class Metric:
    """One number of every epoch, as people are to read it."""

    name: str
    """Its column in result.json, its tag in TensorBoard and its key at W&B: 'Val/Accuracy'."""
    title: str = ""
    """What people call it, in the report and in tables: 'accuracy'. By default made of its name."""
    direction: str = ""
    """Whether its 'max' or its 'min' is best; trials can be ranked by a metric that has one."""
    group: str = ""
    """What it is shown with at W&B and in TensorBoard; by default what its name has before the slash."""


def reported_metrics(reported: Mapping[str, Any], objective: str) -> dict[str, float]:
    """What a run's step gave, as the record holds it: numbers of Python's, under names that are no other column's.

    Raises:
        TypeError, ValueError: something in it is no metric.
        KeyError: the objective, by which trials are ranked, is not in it.
    """
    if not isinstance(reported, Mapping):
        raise TypeError(f"the run reported {reported!r:.40} of an epoch, not a dict of metrics")
    metrics = {}
    for name, value in reported.items():
        if not isinstance(name, str) or not is_metric(name) or one_line(name) != name:
            raise ValueError(
                f"the run reported {name!r:.40}; a metric's name is text that begins with Train/, Val/ or Perf/"
            )
        plain = value.item() if hasattr(value, "item") else value
        if not isinstance(plain, numbers.Real):
            raise TypeError(f"the run reported a {type(value).__name__} as {name}; a metric is a number")
        try:
            metrics[name] = float(plain)
        except OverflowError:
            raise ValueError(f"the run reported a number too large for a float as {name}") from None
    if objective not in metrics:
        raise KeyError(f"the run reported no {objective}, by which trials are ranked; it reported {[*metrics]}")
    return metrics
