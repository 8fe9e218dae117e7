"""A listing as a table on the screen."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from results.listing.formatting import shown_cell
from results.listing.rows import Listing

GAP = "  "
TO_THE_LEFT = ("sweep", "status", "metric")


def trial_table(listing: Listing) -> Text:
    """One line a row; the best one stands out wherever it lies.

    As text, since rich's own table shortens numbers where the terminal is narrow, and takes its time over 1,000 rows.
    """
    lines = _lines(listing)
    styles = ["bold", *("bold" if row["rank"] == 1 else "" for row in listing.rows)]
    table = Text(no_wrap=True, overflow="ignore")
    for place, (line, style) in enumerate(zip(lines, styles, strict=True)):
        table.append("\n" if place else "").append(line, style)
    return table


def table_width(listing: Listing) -> int:
    return max(map(cell_len, _lines(listing)))


def _lines(listing: Listing) -> list[str]:
    cells = [listing.shown, *([shown_cell(row, column) for column in listing.shown] for row in listing.rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return [_line(row, listing.shown, widths) for row in cells]


def _line(cells: Sequence[str], columns: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - cell_len(cell)) if column in TO_THE_LEFT else " " * (width - cell_len(cell)) + cell
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )
    return GAP.join(padded).rstrip()
