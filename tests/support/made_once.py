"""What is made once for all processes of the tests, however they are dealt out to them."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

Made = TypeVar("Made")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """What `make` gives for an empty folder; the other processes wait for it and read it. Tests only read the folder.

    Args:
        name: of the folder.
        make: its answer can be pickled.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # each process has a folder of its own in that of them all
    folder, answer = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed, and whose tests say so
            folder.mkdir()
            answer.write_bytes(pickle.dumps(make(folder)))
        made: Made = pickle.loads(answer.read_bytes())
        return made
