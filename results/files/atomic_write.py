"""Files that are whole or as they were, and on the disk: no crash, full disk or power cut leaves half of one."""

import json
import math
import os
import secrets
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.on_disk import sync
from trainable.system_errors import reading, writing


def make_folder(folder: Path, flag: str) -> bool:
    """Make a folder for a record, and those above it; they are on the disk when this returns.

    Args:
        flag: what named it, and its value, for the error.

    Returns:
        Whether it is new: of several that make it at once, one is told so.

    Raises:
        DiskError: it cannot be made.
    """
    is_new = True
    with writing(folder, named=flag):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            if not folder.is_dir():
                raise
            is_new = False
        sync(folder.parent)
    return is_new


def read_json(file: Path) -> dict[str, Any]:
    """The object that a file holds; an empty one where there is no file.

    Raises:
        UserError: it cannot be read, or holds no such thing.
    """
    with reading(file):
        text = file.read_bytes() if file.exists() else b"{}"
    try:
        content = json.loads(text, parse_int=_whole_number)
    except ValueError as error:
        raise UserError(f"{file}: not readable as JSON ({error}); restore it, or remove what it belongs to") from None
    if not isinstance(content, dict):
        raise UserError(f"{file}: it holds no object; restore it, or remove what it belongs to")
    return content


def _whole_number(text: str) -> int | float:
    """Infinite where it is beyond a float, as most readers of JSON have it: nothing could compute with it."""
    return int(text) if math.isfinite(float(text)) else float(text)


def write_json(file: Path, content: Any) -> None:
    write_atomically(file, json.dumps(content, indent=2) + "\n")


def write_atomically(file: Path, content: str | bytes) -> None:
    """Replace what a file holds, or the file that a link leads to; that is on the disk when this returns.

    Raises:
        DiskError: it cannot be written; it is as it was.
    """
    file = Path(os.path.realpath(file))
    written = file.with_name(f".{secrets.token_hex(6)}.new")  # nobody else's, if two write the file at once
    with writing(file):
        try:
            written.write_bytes(content.encode() if isinstance(content, str) else content)
            sync(written)
            written.replace(file)
        except OSError:
            written.unlink(missing_ok=True)
            raise
        sync(file.parent)
