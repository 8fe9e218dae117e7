"""One process at a time on what must not be shared: a device that is being measured, a store that is written to.

The operating system's lock on a file, which ends with the process that has it. Who asks for it waits.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainable.contract import UserError
from trainable.system_errors import writing

LOCKS = Path(tempfile.gettempdir())
"""Where devices' locks lie: not on a disk that machines share."""


@contextmanager
def device_lock(device: str, on_wait: Callable[[], object] | None = None) -> Iterator[None]:
    """Have the device alone, among this user's processes that ask for it, while the block runs.

    A GPU is known by its own number, since processes count those that they see. The CPU's lock is the whole machine's.

    Args:
        device: as torch writes it.
        on_wait: called where another process has it, before this one waits.
    """
    name = f"grpo_sweep-{os.getuid()}-{_own_number(device)}.lock"
    with file_lock(LOCKS / name, on_wait):
        yield


def waiting_for(device: object) -> str:
    """What to say where another process has a device."""
    return f"another process is measuring on {device}, and this one waits its turn"


def _own_number(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    import torch

    return str(torch.cuda.get_device_properties(device).uuid)


@contextmanager
def file_lock(file: Path, on_wait: Callable[[], object] | None = None) -> Iterator[None]:
    """Wait for the lock of a file, which is made where there is none, and have it while the block runs.

    Args:
        on_wait: as of `device_lock`.

    Raises:
        UserError: the file cannot be written or locked.
    """
    with writing(file):
        # Not through a link, which another user may have laid into a folder that all can write to.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            if on_wait and _is_taken(descriptor):
                on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise UserError(
                f"{file}: its file system cannot lock files ({error.strerror}), so two processes could measure or "
                "write at once; have it mounted with locks (of Lustre: -o flock) or use another disk"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    """By another process; where by none, by this one now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
