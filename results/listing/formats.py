"""Listings for other programs: CSV and JSON in full precision under the columns' own names, and Markdown to paste."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from results.listing.formatting import shown_cell
from results.listing.rows import Listing, all_columns


def as_csv(listings: Sequence[Listing]) -> str:
    """One table of all rows; what a row does not have is empty."""
    columns = all_columns(listings)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for listing in listings:
        writer.writerows([_plain(row.get(column)) for column in columns] for row in listing.rows)
    return text.getvalue()


def as_json(listings: Sequence[Listing]) -> str:
    """A list of objects; what a row does not have is null."""
    columns = all_columns(listings)
    rows = [{column: _plain(row.get(column)) for column in columns} for listing in listings for row in listing.rows]
    return json.dumps(rows, indent=2, allow_nan=False) + "\n"


def as_markdown(listing: Listing) -> str:
    """A table as GitHub draws it."""
    lines = [list(listing.shown), ["---"] * len(listing.shown)]
    lines += [[_escaped(shown_cell(row, column)) for column in listing.shown] for row in listing.rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _plain(value: Any) -> Any:
    """Neither format has a word for what is no number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
