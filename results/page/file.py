"""The report on disk."""

from collections.abc import Sequence
from pathlib import Path

from results.page.page import report_page
from results.record.atomic_write import write_atomically
from results.record.sweeps import SweepRecord
from trainable.contract import UserError


def write_report(records: Sequence[SweepRecord], file: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        UserError: it cannot be written there.
    """
    page = report_page(records)
    try:
        write_atomically(file, page)
    except OSError as error:
        raise UserError(f"the report {file} cannot be written ({error.strerror}); say where with --output") from None
