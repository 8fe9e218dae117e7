"""Files that are whole or as they were, and on the disk: no crash, full disk or power cut leaves half of one."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainable.contract import UserError


def make_folder(folder: Path, flag: str) -> bool:
    """Make a folder for a record, and those above it; they are on the disk when this returns.

    Args:
        flag: what named it, and its value, for the error.

    Returns:
        Whether it is new: of several that make it at once, one is told so.

    Raises:
        UserError: it cannot be made.
    """
    is_new = True
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            if not folder.is_dir():
                raise
            is_new = False
        sync(folder.parent)
    except OSError as error:
        raise UserError(f"{flag}: cannot write there ({error.strerror}); give another") from None
    return is_new


def read_json(file: Path) -> dict[str, Any]:
    """The object that a file holds; an empty one where there is no file."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return content


class DiskFull(Exception):
    """The disk that holds a sweep has no room for what is to be written there."""


@contextmanager
def naming_a_full_disk(folder: Path) -> Iterator[None]:
    """To write into a sweep's folder: where there is no room, that is no other error than DiskFull."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"no room on the disk that holds {folder}") from error
        raise


def is_full(error: object) -> bool:
    """Whether it says that a disk, or a user's share of one, has no room."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def write_json(file: Path, content: Any) -> None:
    write_atomically(file, json.dumps(content, indent=2) + "\n")


def write_atomically(file: Path, content: str | bytes) -> None:
    """Replace what a file holds; that is on the disk when this returns."""
    written = file.with_name(f"{file.name}.new")
    try:
        written.write_bytes(content.encode() if isinstance(content, str) else content)
        sync(written)
        written.replace(file)
    except OSError:
        written.unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until what a file holds is on the disk, or the names in a folder: a new file needs both (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot sync folders, as some are
            raise
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until a new folder and all in it, which somebody else wrote, is on the disk."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        sync(path)
