"""A checkpoint's seal: the hashes of its files, written beside them as it is saved, and asked before it is loaded.

With it a run need not tell a whole checkpoint from one that a full disk, a power cut or an interrupted copy has left.
"""

import hashlib
import json
from pathlib import Path

from trainable.contract import SEAL_FILE
from trainable.runs.protocol import DamagedCheckpoint


def seal(folder: Path) -> None:
    """Write down what a checkpoint's files hold, those in its folders too."""
    (folder / SEAL_FILE).write_text(json.dumps(_hashes(folder)), encoding="utf-8")


def require_whole(folder: Path, is_sealed: bool = True) -> None:
    """Refuse a checkpoint that does not hold what it was sealed with.

    Args:
        is_sealed: False for one that may have been saved without, as earlier versions did: then its run has to tell.

    Raises:
        DamagedCheckpoint: a file is missing, or holds something else.
    """
    if not is_sealed and not (folder / SEAL_FILE).exists():
        return
    try:
        sealed = json.loads((folder / SEAL_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise DamagedCheckpoint(f"{folder / SEAL_FILE}: {error}") from error
    now = _hashes(folder)
    for name, digest in sealed.items():
        if now.get(name) != digest:
            raise DamagedCheckpoint(f"{folder / name}: {'it is not what was saved' if name in now else 'missing'}")


def _hashes(folder: Path) -> dict[str, str]:
    """By path in the folder, sorted."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / SEAL_FILE)
    return {file.relative_to(folder).as_posix(): _hash(file) for file in files}


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
