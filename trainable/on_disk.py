"""What is on the disk: no power cut takes it. Imports the standard library alone, as the contract does."""

import errno
import os
from pathlib import Path

from trainable.system_errors import writing


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
    """Wait until a folder and all in it is on the disk; its own name is not, before the folder that holds it is synced.

    Raises:
        DiskError: it cannot be written there.
    """
    with writing(folder):
        for path in (*folder.rglob("*"), folder):
            sync(path)
