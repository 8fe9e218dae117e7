"""One process per sweep or training: the operating system's lock on a file, which ends with the process that has it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainable import contract
from trainable.contract import UserError
from trainable.user_paths import PathTo, require_usable


@contextmanager
def exclusive_lock(folder: Path, what: str) -> Iterator[None]:
    """Lock the folder while the block runs.

    Args:
        what: what lies there, for the error: "sweep nightly".

    Raises:
        UserError: another process has locked it, or it cannot be written to.
    """
    require_usable(folder, PathTo.NEW_FOLDER, what)
    with (folder / contract.LOCK_FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"{what}: {file.read().strip() or 'another process'} is running it; wait for it or stop it first"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
