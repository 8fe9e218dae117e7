"""A chart as data: what plotly.js draws, what to see in it, and the same numbers for those who cannot see it.

A colour is the name of one of the page's CSS variables ('--winner'): the page puts in what the reader's colour scheme
has. Points that belong to a trial carry its number as `customdata`, by which the page finds it in every chart.
"""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Trace = dict[str, Any]
Numbers = Sequence[Sequence[str]]
"""Rows of text, the columns' names first."""


class Colour(StrEnum):
    """The colours of the page by what they are for, each as the name of its CSS variable."""

    WINNER, START, ACCENT = "--winner", "--start", "--accent"
    INK, INK_SOFT, MUTED, FAINT = "--ink", "--ink-soft", "--muted", "--faint"
    GRID, SURFACE = "--grid", "--surface"


SCALE = tuple(f"--scale-{step}" for step in range(7))
"""From the worst score to the best."""

_AXIS = {
    "gridcolor": Colour.GRID,
    "linecolor": Colour.GRID,
    "zeroline": False,
    "automargin": True,
    "ticks": "",
    "tickangle": 0,
    "exponentformat": "e",
    "title": {"font": {"size": 13, "color": Colour.INK_SOFT}},
    "tickfont": {"size": 12, "color": Colour.INK_SOFT},
}
_LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
LAYOUT: Mapping[str, Any] = {
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "--font", "size": 13, "color": Colour.INK},
    "margin": {"l": 10, "r": 14, "t": 24, "b": 48},
    "xaxis": {**_AXIS, "automargin": False},
    "yaxis": _AXIS,
    "hoverlabel": {"bgcolor": "--hover", "bordercolor": Colour.GRID, "font": {"color": Colour.INK, "family": "--font"}},
    "legend": {**_LEGEND, "bgcolor": "rgba(0,0,0,0)", "font": {"size": 12, "color": Colour.INK_SOFT}},
    "colorway": [Colour.ACCENT],
    "hovermode": "closest",
    "hoverdistance": 24,
}
"""The template of all charts (plotly.js's word): what holds where a chart's own layout says nothing."""
CATEGORIES = {"type": "category", "showgrid": False, "automargin": True}
"""A vertical axis of names."""


@dataclass(frozen=True)
class Chart:
    """One figure of the page."""

    name: str
    title: str
    reading: str
    """What there is to see, in a sentence or two."""
    traces: Sequence[Trace]
    layout: Mapping[str, Any]
    numbers: Numbers = ()
    """Empty where the table of trials holds the same."""
    height: int = 380
    """In CSS pixels."""
    is_wide: bool = False
    """Whether it wants the page's whole width."""
    highlight: str = ""
    """How a trial that the reader points at is brought out: 'lines', 'markers' or not at all."""

    def figure(self) -> dict[str, Any]:
        """What the page draws it from, as JSON can hold it."""
        layout = {**self.layout, "height": self.height}
        return {"data": _short(self.traces), "layout": _short(layout), "highlight": self.highlight}


def baseline_colour(index: int) -> str:
    """The best baseline has the first one."""
    return f"--baseline-{min(index, 3)}"


def label(text: object) -> str:
    """Text of the user's as plotly.js shows it: it would take tags for markup."""
    return html.escape(str(text), quote=False)


def axis(title: str, **more: Any) -> dict[str, Any]:
    return {"title": {"text": label(title)}, **more}


def apart(lines: Sequence[Sequence[Any]]) -> list[Any]:
    """Several lines as one trace: a gap between each two."""
    joined: list[Any] = []
    for line in lines:
        joined += [*line, None]
    return joined[:-1]


def _short(content: Any) -> Any:
    """Numbers to five digits, and nothing in place of what is no number, wherever they lie."""
    if isinstance(content, float):
        return float(f"{content:.5g}") if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {key: _short(value) for key, value in content.items()}
    return [_short(value) for value in content] if isinstance(content, (list, tuple)) else content
