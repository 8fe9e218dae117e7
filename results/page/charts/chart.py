"""A chart as data: what plotly.js draws, what to see in it, and the same as a table for those who cannot.

A colour is the name of one of the page's CSS variables ('--winner'): the page puts in what the reader's colour scheme
has. Points that belong to a trial carry its number as `customdata`, by which the page finds it in every chart.
"""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Trace = dict[str, Any]

WINNER, START, ACCENT = "--winner", "--start", "--accent"
INK, INK_SOFT, MUTED, FAINT = "--ink", "--ink-soft", "--muted", "--faint"
BASELINES = ("--baseline-0", "--baseline-1", "--baseline-2", "--baseline-3")
"""The best baseline's colour first."""
SCALE = tuple(f"--scale-{place}" for place in range(7))
"""From the worst score to the best."""

LEGEND_ABOVE = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}

_AXIS = {
    "gridcolor": "--grid",
    "linecolor": "--grid",
    "zeroline": False,
    "automargin": True,
    "ticks": "",
    "tickangle": 0,
    "title": {"font": {"size": 13, "color": INK_SOFT}},
    "tickfont": {"size": 12, "color": INK_SOFT},
}
LAYOUT: Mapping[str, Any] = {
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "--font", "size": 13, "color": INK},
    "margin": {"l": 10, "r": 14, "t": 24, "b": 48},
    "xaxis": {**_AXIS, "automargin": False},
    "yaxis": _AXIS,
    "hoverlabel": {"bgcolor": "--hover", "bordercolor": "--grid", "font": {"color": INK, "family": "--font"}},
    "legend": {"bgcolor": "rgba(0,0,0,0)", "font": {"size": 12, "color": INK_SOFT}},
    "colorway": [ACCENT],
    "hovermode": "closest",
    "hoverdistance": 24,
}
"""What all charts have in common; a chart's own layout goes over it."""


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """One figure of the page."""

    name: str
    title: str
    reading: str
    """What there is to see, in a sentence or two."""
    traces: Sequence[Trace]
    layout: Mapping[str, Any]
    table: Table | None = None
    """None where the table of trials holds the same numbers."""
    height: int = 380
    narrow: Mapping[str, Any] = field(default_factory=dict)
    """What of the layout is different on a phone."""
    is_wide: bool = False
    """Whether it wants the page's whole width."""
    highlight: str = ""
    """How a trial that the reader points at is brought out: 'lines', 'markers' or not at all."""

    def figure(self) -> dict[str, Any]:
        return {
            "data": list(self.traces),
            "layout": {**self.layout, "height": self.height},
            "narrow": dict(self.narrow),
            "highlight": self.highlight,
        }


def label(text: object) -> str:
    """Text of the user's as plotly.js shows it: it would take tags for markup."""
    return html.escape(str(text), quote=False)


def number(value: float | None) -> float | None:
    """A number as a chart needs it: short, and nothing where there is none."""
    return float(f"{value:.5g}") if value is not None and math.isfinite(value) else None


def axis(title: str, **more: Any) -> dict[str, Any]:
    return {"title": {"text": label(title)}, **more}


def log_axis(title: str, values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis with ticks that read as plain numbers."""
    ticks = log_ticks(min(values), max(values))
    return axis(title, type="log", tickvals=ticks, ticktext=[tick_text(tick) for tick in ticks])


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten within the range, with 3 or 2 and 5 times them where that would be fewer than three."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        ticks = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        within = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(within) >= 3:
            return within
    return within


def even_ticks(low: float, high: float) -> list[float]:
    """Some four multiples of 1, 2 or 5 times a power of ten within the range."""
    step = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(step))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step)
    return [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def tick_text(value: float) -> str:
    """Short, with an exponent where zeros would be counted: 3e-4."""
    shown = f"{value:.1e}".replace(".0e", "e") if 0 < abs(value) < 0.001 else f"{value:.3g}"
    return shown.replace("e-0", "e-").replace("e+0", "e")


def padded_range(values: Sequence[float], log: bool = False) -> list[float]:
    """A little more than the values span, as plotly.js wants it: exponents on a log axis."""
    ends = [math.log10(value) if log else value for value in (min(values), max(values))]
    margin = 0.06 * (ends[1] - ends[0]) or 0.5
    return [ends[0] - margin, ends[1] + margin]


def apart(lines: Sequence[Sequence[Any]]) -> list[Any]:
    """Several lines as one trace: a gap between each two."""
    joined: list[Any] = []
    for line in lines:
        joined += [*line, None]
    return joined[:-1]
