"""Which folders hold the record of a sweep that lies in a store, fetched into a cache of this machine."""

from pathlib import Path

from results.files.atomic_write import write_atomically
from trainable.contract import shown_path
from trainable.system_errors import reading

_ADDRESS_FILE = ".fetched_from"
"""Beside the folder."""


def note_address(folder: Path, address: str) -> None:
    write_atomically(folder.parent / _ADDRESS_FILE, address)


def address_of(folder: Path) -> str | None:
    """Where what a folder holds was fetched from; None where that is its own place."""
    file = folder.parent / _ADDRESS_FILE
    with reading(file):
        return file.read_text(encoding="utf-8") if file.exists() else None


def shown_place(folder: Path, seen_from: Path | None = None) -> str:
    """Its address, or its path as `shown_path` has it."""
    return address_of(folder) or shown_path(folder, seen_from)
