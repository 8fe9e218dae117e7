"""The report: one HTML file that needs no network, with words, charts, tables, and plotly.js once."""

import json
from collections.abc import Sequence
from pathlib import Path

from results.analysis.comparison import Comparison, compare, why_apart
from results.listing.formatting import listed, shown_cell
from results.page.charts.chart import LAYOUT
from results.page.section import result_of, section_of
from results.record.atomic_write import write_atomically
from results.record.sweeps import SweepRecord
from trainable.contract import UserError

HERE = Path(__file__).resolve().parent
TEMPLATE, STYLE, SCRIPT, PLOTLY = "template.html", "style.css", "script.js", "vendor/plotly-basic.min.js"


def write_report(records: Sequence[SweepRecord], file: Path) -> None:
    """Write the page about one sweep or several, whole or not at all.

    Raises:
        UserError: it cannot be written there.
    """
    page = _page(records)
    try:
        write_atomically(file, page)
    except OSError as error:
        raise UserError(f"the report {file} cannot be written ({error.strerror}); say where with --output") from None


def _page(records: Sequence[SweepRecord]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    comparisons = compare(records)
    together = Comparison(tuple(record for comparison in comparisons for record in comparison.records))
    names = [together.name_of(record) for record in together.records]
    sections = [
        section_of(record, f"sweep-{index}", name)
        for index, (record, name) in enumerate(zip(together.records, names, strict=True))
    ]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
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
        shown_cell=shown_cell,
        overall=[result_of(comparison) for comparison in comparisons] if len(sections) > 1 else [],
        why_apart=why_apart(comparisons),
        style=(HERE / STYLE).read_text(encoding="utf-8"),
        script=(HERE / SCRIPT).read_text(encoding="utf-8"),
        plotly=(HERE / PLOTLY).read_text(encoding="utf-8"),
        charts=charts.replace("<", "\\u003c"),  # so that no name of the user's ends the script element
    )
