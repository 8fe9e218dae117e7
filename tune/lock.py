"""One driver per sweep: the operating system's lock on a file, which ends with the process that holds it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainable import contract
from trainable.contract import UserError


@contextmanager
def only_driver(folder: Path) -> Iterator[None]:
    """Hold the sweep while the block runs.

    Raises:
        UserError: another process drives it.
    """
    with (folder / contract.LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"sweep {folder.name}: {file.read().strip() or 'another process'} is running it; "
                "wait for it or stop it first"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
