"""One process per sweep or training: the operating system's lock on a file, which ends with the process that has it."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from trainable import contract
from trainable.contract import UserError
from trainable.system_errors import writing
from trainable.user_paths import PathTo, require_usable

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def exclusive_lock(folder: Path, what: str) -> Iterator[None]:
    """Lock the folder while the block runs.

    Args:
        what: what lies there, for the error: "sweep nightly".

    Raises:
        UserError: another process has locked it, or the folder cannot be written to or locked.
    """
    require_usable(folder, PathTo.NEW_FOLDER, what)
    lock = folder / contract.LOCK_FILE
    with ExitStack() as stack:
        with writing(lock):
            # Without a buffer, which would be written again when the file is closed, and raise again.
            file = stack.enter_context(lock.open("ab+", buffering=0))
            if not _is_free(file, what):
                file.seek(0)
                holder = file.read().decode(errors="replace").strip() or "another process"
                raise UserError(f"{what}: {holder} is running it; wait for it or stop it first")
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield


def _is_free(file: IO[bytes], what: str) -> bool:
    """Take the lock if nobody has it.

    Raises:
        UserError: the file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise UserError(
            f"{what}: its file system cannot lock files ({error.strerror}), so two processes could write into it; "
            "have it mounted with locks (of Lustre: -o flock) or give a place on another disk"
        ) from None
    return True
