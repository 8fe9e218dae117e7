"""Folders brought to a store and from it, several files at a time: each request waits for its answer."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from results.storage.store import Entry, Store

T = TypeVar("T")

AT_A_TIME = 16
_SETTLED_S = 3
"""An object younger than this may change again within the second that S3 tells of it."""


def push_tree(store: Store, folder: Path, below: str, last: str = "") -> int:
    """Write every file of a folder below a folder of the store; gives their bytes.

    Args:
        last: the name of a file that goes when all others are there, by whose presence a reader knows the tree whole.

    Raises:
        StorageError, DiskError: as `Store.push`; some files may be there then.
    """
    files = {
        f"{below}/{file.relative_to(folder).as_posix()}": file for file in sorted(folder.rglob("*")) if file.is_file()
    }
    at_last = f"{below}/{last}"
    size = sum(_all_of(lambda key: store.push(files[key], key), files.keys() - {at_last}))
    if at_last in files:
        size += store.push(files[at_last], at_last)
    return size


def fetch_tree(store: Store, below: str, folder: Path) -> list[str]:
    """Write everything below a folder of the store into a folder; gives the files' names in it.

    Raises:
        StorageError, DiskError: as `Store.fetch`; some files may be there then.
    """
    entries = {key.removeprefix(f"{below}/"): entry for key, entry in store.list(below).items()}
    _fetch(store.below(below), folder, entries)
    return list(entries)


def fetch_changed(
    store: Store, folder: Path, wanted: Callable[[str], bool], there: Mapping[str, Entry] | None = None
) -> list[str]:
    """Make a folder hold what a store does, as far as it is wanted: only what has changed since is fetched, and files
    whose objects are gone are removed. A file stands for an object of its size and time.

    Args:
        wanted: of a key; the files of the folder that are not wanted are left alone.
        there: what the store holds, where it has been asked already.

    Returns:
        The keys that were fetched.

    Raises:
        StorageError, DiskError: as `Store.fetch`; some files may be newer then than others.
    """
    there = store.list() if there is None else there
    entries = {key: entry for key, entry in there.items() if wanted(key)}
    changed = {key: entry for key, entry in entries.items() if not _stands_for(folder / key, entry)}
    _fetch(store, folder, changed)
    for file in folder.rglob("*"):
        key = file.relative_to(folder).as_posix()
        if key not in entries and wanted(key) and file.is_file():
            file.unlink()
    return list(changed)


def _fetch(store: Store, folder: Path, entries: dict[str, Entry]) -> None:
    _all_of(lambda key: store.fetch(key, folder / key, _settled(entries[key])), entries)


def _settled(entry: Entry) -> Entry:
    """The entry, or one that no later listing equals where the object was written a moment ago."""
    is_settled = entry.changed_ns < (time.time() - _SETTLED_S) * 1e9
    return entry if is_settled else Entry(entry.size, 0)


def _stands_for(file: Path, entry: Entry) -> bool:
    try:
        status = os.stat(file)
    except OSError:
        return False
    return bool(entry.changed_ns) and (status.st_size, status.st_mtime_ns) == (entry.size, entry.changed_ns)


def _all_of(act: Callable[[str], T], keys: Iterable[str]) -> list[T]:
    """Each key acted on; the first error ends what has not begun."""
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        try:
            return list(threads.map(act, keys))
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
