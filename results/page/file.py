"""The report: one HTML file that needs no network, with words, charts, tables, and plotly.js once."""

import json
from collections.abc import Sequence
from pathlib import Path

from results.analysis.comparison import Comparison, compare, why_apart
from results.files.atomic_write import write_atomically
from results.listing.certainty import trust_line
from results.listing.formatting import listed, shown_cell, shown_gain, shown_score
from results.listing.objectives import constraint_line
from results.page.charts.chart import LAYOUT
from results.page.section import section_of
from results.page.words import cards, headline, status_counts, when, winner_line
from results.record.sweeps import SweepRecord

HERE = Path(__file__).resolve().parent
TEMPLATE, STYLE, SCRIPT, PLOTLY = "template.html", "style.css", "script.js", "vendor/plotly-basic.min.js"
FUNCTIONS = (
    cards, constraint_line, headline, listed, shown_cell, shown_gain, shown_score, status_counts, trust_line, when,
    winner_line,
)  # fmt: skip
"""What the template calls."""


def write_report(records: Sequence[SweepRecord], file: Path) -> None:
    """Write the page about one sweep or several, whole or not at all.

    Raises:
        DiskError: it cannot be written there.
    """
    write_atomically(file, _page(records).encode(errors="replace"))  # UTF-8 has no half of a surrogate pair


def _page(records: Sequence[SweepRecord]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    comparisons = compare(records)
    together = Comparison(tuple(record for comparison in comparisons for record in comparison.records))
    names = together.names
    sections = [section_of(record, f"sweep-{index}", names[index]) for index, record in enumerate(together.records)]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {function.__name__: function for function in FUNCTIONS}
    figures = {
        f"{section['anchor']}-{chart.name}": chart.figure()
        for section in sections
        for part in section["parts"]
        for chart in part.charts
    }
    charts = json.dumps({"layout": LAYOUT, "figures": figures}, allow_nan=False)
    return environment.get_template(TEMPLATE).render(
        title=f"{'Sweep' if len(names) == 1 else 'Sweeps'} {listed(names)}",
        sections=sections,
        comparisons=comparisons,
        why_apart=why_apart(comparisons),
        style=(HERE / STYLE).read_text(encoding="utf-8"),
        script=(HERE / SCRIPT).read_text(encoding="utf-8"),
        plotly=(HERE / PLOTLY).read_text(encoding="utf-8"),
        charts=charts.replace("<", "\\u003c"),  # so that no name of the user's ends the script element
    )
