"""What a run shows of an epoch: a few rows of text and numbers, such as prompts with their answers."""

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from trainable.terminal.text import one_line

MOST_ROWS = 16
"""Of one epoch; those behind them are left out."""
LONGEST_TEXT = 2000
"""Characters; what is longer is cut, and ends in an ellipsis."""

Sample = dict[str, str | float]


def reported_samples(reported: Sequence[Mapping[str, Any]]) -> list[Sample]:
    """What a run's `samples` gave, as the record holds it: its first rows, their texts cut, their numbers Python's.

    Raises:
        TypeError, ValueError: they are no rows of text and numbers that all have the same names.
    """
    if not isinstance(reported, Sequence) or isinstance(reported, str):
        raise TypeError(f"the run's samples are a {type(reported).__name__}; give a list of dicts")
    samples = [_sample(row) for row in reported[:MOST_ROWS]]
    for sample in samples:
        if sample.keys() != samples[0].keys():
            raise ValueError(f"the run's samples differ in their names: {[*samples[0]]} and {[*sample]}")
    return samples


def _sample(row: Mapping[str, Any]) -> Sample:
    if not isinstance(row, Mapping) or not row:
        raise TypeError(f"the run gave {row!r:.40} as a sample; give a dict of text and numbers by name")
    return {_name(name): _value(name, value) for name, value in row.items()}


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or one_line(name) != name:
        raise ValueError(f"the run gave {name!r:.40} as a name in its samples; a name is one line of text")
    return name


def _value(name: str, value: Any) -> str | float:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, str):
        return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"
    if not isinstance(plain, numbers.Real):
        raise TypeError(f"the run gave a {type(value).__name__} as {name} in its samples; give text or a number")
    try:
        as_float = float(plain)
    except OverflowError:
        raise ValueError(f"the run gave a number too large for a float as {name} in its samples") from None
    return plain if isinstance(plain, int) else as_float
