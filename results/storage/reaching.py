"""Whether a machine reaches what trials write to: tried there, since a path or an address may mean nothing elsewhere.

What is asked of another machine gives its answer as a sentence's end; empty says that all is well.
"""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from results.storage.errors import StorageError
from results.storage.store import Store
from trainable import contract
from trainable.system_errors import writing

SECONDS_TO_APPEAR = 5.0
"""A network's file system may tell one machine seconds later what another has written."""
_ASKED, _ANSWERED = "asked", "answered-{}"


def prove(store: Store) -> None:
    """Put, get and delete an object.

    Raises:
        StorageError: one of that cannot be done.
    """
    key, mark = f".probe-{secrets.token_hex(6)}", secrets.token_hex(16).encode()
    try:
        store.put(key, mark)
        try:
            if store.get(key) != mark:
                raise StorageError(f"{store.address}: it gives back another thing than it was given; have it checked")
        finally:
            store.delete(key)
    except StorageError as error:  # of the store, and not of an object that nobody asked for
        raise type(error)(str(error).replace(store.at(key), store.address)) from None


def why_not_store(store: Store) -> str:
    """Asked on the machine whose way to the store is in question."""
    try:
        prove(store)
    except StorageError as error:
        return str(error)
    return ""


class SharedFolder:
    """A folder in which other machines are asked to answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = secrets.token_hex(16)

    def why_not_answered(self, by: str) -> str:
        """Of a machine that says that it has answered."""
        return _why_not_there(self.folder / _ANSWERED.format(by), self.mark) and "what it writes there does not arrive"


@contextmanager
def shared_folder(storage: Path) -> Iterator[SharedFolder]:
    """Make one below a folder, which need not be there; nothing is left of it.

    Raises:
        DiskError: nothing can be written there.
    """
    missing = [folder for folder in (storage, *storage.parents) if not folder.exists()]
    shared = SharedFolder(storage / f".probe-{secrets.token_hex(6)}")
    try:
        with writing(storage):
            shared.folder.mkdir(parents=True)
            (shared.folder / _ASKED).write_text(shared.mark, encoding="utf-8")
        yield shared
    finally:
        shutil.rmtree(shared.folder, ignore_errors=True)
        for folder in missing:
            with suppress(OSError):  # somebody else lays something there
                folder.rmdir()


def why_not_folder(folder: Path, mark: str, by: str) -> str:
    """Asked on the machine whose way to the folder is in question.

    Args:
        by: the machine's own name, as no other has it.
    """
    return _why_not_there(folder / _ASKED, mark) or _why_not_written(folder / _ANSWERED.format(by), mark)


def why_not_sweep(folder: Path, settings: str, by: str) -> str:
    """Asked on a machine that joins while a sweep runs, of the sweep's folder.

    Args:
        settings: what its sweep.yaml holds.
        by: the machine's own name, as no other has it.
    """
    own = folder / f".probe-{by}"
    why = _why_not_there(folder / contract.SWEEP_FILE, settings) or _why_not_written(own, by)
    with suppress(OSError):
        own.unlink()
    return why


def _why_not_written(file: Path, content: str) -> str:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        return f"it cannot write there ({error.strerror})"
    return ""


def _why_not_there(file: Path, content: str) -> str:
    deadline = time.monotonic() + SECONDS_TO_APPEAR
    while True:
        try:
            if file.read_text(encoding="utf-8") == content:
                return ""
            why = "it sees another thing there"
        except OSError as error:
            why = f"it does not see what is written there ({error.strerror})"
        if time.monotonic() > deadline:
            return why
        time.sleep(0.1)
