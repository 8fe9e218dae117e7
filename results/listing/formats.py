"""A listing written out: as people read it on the screen and in Markdown, for other programs in full precision."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from results.listing.formatting import shown_cell
from results.listing.rows import Listing, all_columns
from trainable.terminal.text import one_line

GAP = "  "
TO_THE_LEFT = ("sweep", "evidence", "gain", "gain_over", "status", "metric")


def as_table(listing: Listing) -> Text:
    """One line a row, for the screen; the best one stands out wherever it lies.

    As text, since rich's own table shortens numbers where the terminal is narrow, and takes its time over 1,000 rows.
    """
    cells = _shown_cells(listing)
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    styles = ["bold", *("bold" if row.get("rank") == 1 else "" for row in listing.rows)]
    table = Text(no_wrap=True, overflow="ignore")
    for line, style in zip(cells, styles, strict=True):
        padded = (
            text + " " * (width - cell_len(text)) if column in TO_THE_LEFT else " " * (width - cell_len(text)) + text
            for text, width, column in zip(line, widths, listing.shown, strict=True)
        )
        table.append("\n" if table else "").append(GAP.join(padded).rstrip(), style)
    return table


def table_width(listing: Listing) -> int:
    """Columns of the screen that the table takes."""
    return max(map(cell_len, as_table(listing).plain.splitlines()))


def as_markdown(listing: Listing) -> str:
    """A table as GitHub draws it."""
    head, *rows = ([escaped(text) for text in row] for row in _shown_cells(listing))
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_csv(listings: Sequence[Listing]) -> str:
    """One table of all rows; what a row does not have is empty, and no text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_no_formula, all_columns(listings)))
    writer.writerows(map(_no_formula, row.values()) for row in _plain_rows(listings))
    return text.getvalue()


def as_json(listings: Sequence[Listing]) -> str:
    """A list of objects; what a row does not have is null."""
    return json.dumps(_plain_rows(listings), indent=2, allow_nan=False) + "\n"


def _shown_cells(listing: Listing) -> list[list[str]]:
    """The columns' names, and the text of every row."""
    head = [one_line(column) for column in listing.shown]
    return [head, *([shown_cell(row, column) for column in listing.shown] for row in listing.rows)]


def _plain_rows(listings: Sequence[Listing]) -> list[dict[str, Any]]:
    """Every row with every column; neither CSV nor JSON has a word for what is no number."""
    columns = all_columns(listings)
    return [{column: _plain(row.get(column)) for column in columns} for listing in listings for row in listing.rows]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def escaped(text: str) -> str:
    """Text that Markdown shows letter by letter: as no cell's border, HTML, entity, link, picture, formula or style."""
    return re.sub(r"[\\|<&`*~$\[\]]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)


def _no_formula(value: Any) -> Any:
    """Text that a spreadsheet would compute, and may run a program for, with an apostrophe before it."""
    if not isinstance(value, str) or not value.lstrip().startswith(("=", "+", "-", "@")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
