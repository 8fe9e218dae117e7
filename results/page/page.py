"""The report as one HTML page that needs no network: words, charts, tables, and plotly.js once."""

import json
from collections.abc import Sequence
from pathlib import Path

from results.analysis.comparison import Comparison, compare, why_apart
from results.analysis.findings import summarise
from results.listing.formatting import listed
from results.page.charts.chart import LAYOUT
from results.page.section import Section, result_of, section_of
from results.record.sweeps import SweepRecord

HERE = Path(__file__).resolve().parent
TEMPLATE, STYLE, SCRIPT, PLOTLY = "template.html", "style.css", "script.js", "vendor/plotly-basic.min.js"


def report_page(records: Sequence[SweepRecord]) -> str:
    """The whole page about one sweep or several."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    comparisons = compare(records)
    together = Comparison(tuple(record for comparison in comparisons for record in comparison.records))
    sections = [
        section_of(record, f"sweep-{place}", together.name_of(record)) for place, record in enumerate(together.records)
    ]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    names = [section.name for section in sections]
    return environment.get_template(TEMPLATE).render(
        title=f"{'Sweep' if len(names) == 1 else 'Sweeps'} {listed(names)}",
        sections=sections,
        overall=[result_of(summarise(comparison)) for comparison in comparisons] if len(sections) > 1 else [],
        why_apart=why_apart(comparisons),
        style=(HERE / STYLE).read_text(),
        script=(HERE / SCRIPT).read_text(),
        plotly=(HERE / PLOTLY).read_text(encoding="utf-8"),
        charts=_inside_script(json.dumps({"layout": LAYOUT, "figures": _figures(sections)}, allow_nan=False)),
    )


def _figures(sections: Sequence[Section]) -> dict[str, object]:
    """Each chart by the id of its place in the page."""
    return {
        f"{section.anchor}-{chart.name}": chart.figure()
        for section in sections
        for part in section.parts
        for chart in part.charts
    }


def _inside_script(text: str) -> str:
    """JSON that ends no script element, whatever the user's names hold."""
    return text.replace("<", "\\u003c")
