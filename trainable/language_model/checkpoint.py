"""A checkpoint on disk: what TRL's trainer writes, and what tells whether all of it is there.

The folder is one that transformers reads: `AutoModelForCausalLM.from_pretrained(folder)`; where adapters were trained,
peft must be installed for that.
"""

import hashlib
import json
from pathlib import Path

from trainable.runs import DamagedCheckpoint

CHECKSUMS_FILE = "checksums.json"
"""Of every other file of a checkpoint, its SHA-256, by name."""


def write_checksums(folder: Path) -> None:
    checksums = {file.relative_to(folder).as_posix(): _checksum(file) for file in _files(folder)}
    (folder / CHECKSUMS_FILE).write_text(json.dumps(checksums, indent=1), encoding="utf-8")


def require_whole(folder: Path) -> None:
    """Refuse a checkpoint that lacks a file, or holds one that is not what was written.

    Raises:
        DamagedCheckpoint: it names the file.
    """
    try:
        checksums = json.loads((folder / CHECKSUMS_FILE).read_text(encoding="utf-8"))
        if not isinstance(checksums, dict) or not checksums:
            raise ValueError("it names no files")
        for name, checksum in checksums.items():
            if _checksum(folder / name) != checksum:
                raise DamagedCheckpoint(f"{folder}: {name} is not what was written")
    except (OSError, ValueError) as error:
        raise DamagedCheckpoint(f"{folder}: {error}") from error


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
