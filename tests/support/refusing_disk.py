"""A disk that refuses what it is asked, without a disk: a library that a process loads before its own (refusing.c)."""

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COMPILER = shutil.which("cc") or shutil.which("gcc")

needs_refusing_disk = pytest.mark.skipif(
    not sys.platform.startswith("linux") or COMPILER is None, reason="a disk is made to fail by a compiled library"
)


@functools.cache
def _library() -> Path:
    library = Path(tempfile.mkdtemp(prefix="refusing-")) / "refusing.so"
    source = Path(__file__).with_name("refusing.c")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def refusing(folder: Path, number: int, *, once: Path | None = None, call: str = "") -> dict[str, str]:
    """A process's environment in which a folder's disk refuses what would change anything.

    Args:
        number: of the error (errno(3)).
        once: a file or folder; before it is there, the disk is well.
        call: of the C library, where it refuses no other.
    """
    variables = {
        "LD_PRELOAD": str(_library()),
        "REFUSING_FOLDER": str(folder),
        "REFUSING_ERRNO": str(number),
        "REFUSING_WHILE": str(once or folder.parent),
    }
    return variables | ({"REFUSING_CALLS": call} if call else {})
