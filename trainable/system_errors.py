"""What the system refuses, told apart by its number (errno(3)): what that means here, and what the user can do.

Imports the standard library alone, as the contract does.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainable.contract import UserError, shown_path

_MEANINGS = {
    errno.ENOSPC: ("the disk is full, of bytes or of files", "make room"),
    errno.EDQUOT: ("the quota on that disk is used up", "make room"),
    errno.EROFS: ("the disk is read-only", "have it made writable"),
    errno.EIO: ("input/output error", "have the disk checked"),
    errno.ESTALE: ("stale file handle: the file server has lost it", "have it mounted again"),
    errno.EACCES: ("permission denied", "ask its owner"),
    errno.EPERM: ("operation not permitted", "ask its owner"),
    errno.ENAMETOOLONG: ("that name is too long", "give a shorter one"),
    errno.EMFILE: ("too many open files", "allow more of them with: ulimit -n 65536"),
    errno.ENFILE: ("too many open files on this machine", "end what has them open"),
    errno.EAGAIN: ("no more processes are allowed", "allow more of them (ulimit -u) or end others"),
    errno.ENOMEM: ("this machine has no memory left", "end what uses it"),
}
"""By number: the cause and the remedy. None of them is a fault of the code that meets it."""


class DiskError(UserError):
    """A file or folder of a record that cannot be read or written. Its text ends with the remedy."""


@contextmanager
def writing(path: Path, named: str = "") -> Iterator[None]:
    """Within the block, a file or folder is written.

    Args:
        named: what named it, for the error: "--output_dir here".

    Raises:
        DiskError: for whatever the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise _disk_error(error, path, named, "written") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within the block, a file or folder is read.

    Raises:
        DiskError: for whatever the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise _disk_error(error, path, "", "read") from error


def _disk_error(error: OSError, path: Path, named: str, done: str) -> DiskError:
    cause, remedy = _meaning(error)
    return DiskError(f"{named or shown_path(path)} cannot be {done} ({cause}); {remedy}")


@contextmanager
def telling_how_to_go_on(command: str) -> Iterator[None]:
    """Within the block, something runs that a command goes on with.

    Raises:
        UserError: the system refused something; it ends with that command.
    """
    try:
        yield
    except Exception as error:  # Ray raises an error of its own for what a callback raised
        refusal = refusal_in(error)
        if refusal is None:
            raise
        raise UserError(f"{in_words(refusal)}, then go on with: {command}") from error


def refusal_in(error: BaseException | None) -> DiskError | OSError | None:
    """What the system refused, where an error says that or was raised amid one that does; None for all others."""
    while error:
        if isinstance(error, UserError):
            return error if isinstance(error, DiskError) else None
        if isinstance(error, OSError) and error.errno in _MEANINGS:
            return error
        error = error.__cause__ or error.__context__
    return None


def in_words(refusal: DiskError | OSError) -> str:
    """One sentence, which ends with the remedy."""
    if isinstance(refusal, DiskError):
        return str(refusal)
    cause, remedy = _meaning(refusal)
    return f"{refusal.filename or 'the system refuses'}: {cause}; {remedy}"


def _meaning(error: OSError) -> tuple[str, str]:
    return _MEANINGS.get(error.errno or 0, (str(error.strerror), "mend that"))
