"""The objects below an address: one way to read, write, list and delete them, whoever keeps them."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results.storage.errors import no_bucket, telling
from results.storage.opening import Place, file_system, place_of
from trainable.system_errors import DiskError, reading, writing

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.fs

_PIECE = 8 << 20
"""Bytes of a large file that are in memory at a time."""
_PART = ".part"
_RENAMED = ("file", "local", "hdfs", "viewfs", "sftp", "ssh", "ftp", "smb", "webdav", "webhdfs")
"""Schemes under which a file grows where everybody sees it; elsewhere an object appears when it is whole."""


@dataclass(frozen=True)
class Entry:
    """An object as a listing tells it."""

    size: int
    changed_ns: int
    """When it was written, in ns since 1970 by the store's clock; S3 tells whole seconds; 0: nobody tells."""


class Store:
    """What lies below an address.

    Keys are relative to it, with slashes. It can be used by several threads, and sent to another process or machine,
    which uses its own credentials. Every method raises StorageError; see `errors` for its kinds.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def address(self) -> str:
        return self._place.address

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    @property
    def identity(self) -> str:
        """What no other store has: two servers may have a bucket of one name."""
        return f"{self._place.endpoint} {self.address}"

    def __getstate__(self) -> dict[str, Any]:
        return {"_place": self._place}  # neither an open connection nor what opened it

    def require_openable(self) -> None:
        """Load what opens it, as every other method does the first time.

        Raises:
            StorageError: its scheme is unknown, or a package for it is missing.
        """
        _ = self._opened

    def below(self, name: str) -> "Store":
        """The store of one of its folders."""
        return Store(Place(self.at(name), self._place.endpoint, self._place.region))

    @property
    def above(self) -> "Store":
        """The store of the folder in which it lies."""
        return Store(Place(self.address.rpartition("/")[0], self._place.endpoint, self._place.region))

    def at(self, key: str) -> str:
        """The address of one of its objects."""
        return f"{self.address}/{key}"

    def list(self, below: str = "") -> dict[str, Entry]:
        """Every object below a folder of it, in the order of their keys; none where there is no such folder.

        Raises:
            Refused: there is no such bucket, either.
        """
        import pyarrow.fs

        with telling(self.at(below) if below else self.address):
            selector = pyarrow.fs.FileSelector(self._path(below), recursive=True)
            try:
                found = self._files.get_file_info(selector)
            except FileNotFoundError:
                return {}
        start = len(self._root) + 1
        return {
            info.path[start:]: Entry(info.size, info.mtime_ns or 0)
            for info in sorted(found, key=lambda info: str(info.path))
            if info.type == pyarrow.fs.FileType.File and not info.path.endswith(_PART)
        }

    def require_bucket(self) -> None:
        """Raises:
        Refused: there is no such bucket, where the address has one: else nothing tells it from one that holds nothing.
        """
        import pyarrow.fs

        bucket = self._root.partition("/")[0]
        with telling(self.address):
            if bucket and self._files.get_file_info(bucket).type == pyarrow.fs.FileType.NotFound:
                raise no_bucket(self.address)

    def exists(self, key: str) -> bool:
        import pyarrow.fs

        with telling(self.at(key)):
            return bool(self._files.get_file_info(self._path(key)).type == pyarrow.fs.FileType.File)

    def get(self, key: str) -> bytes:
        """Raises:
        Missing: there is no such object.
        """
        with telling(self.at(key)), self._files.open_input_stream(self._path(key)) as stream:
            return bytes(stream.read())

    def put(self, key: str, content: bytes) -> None:
        """Write an object; it is whole or as it was."""
        with telling(self.at(key)), self._writing(key) as stream:
            stream.write(content)

    def fetch(self, key: str, file: Path, entry: Entry | None = None) -> None:
        """Write an object into a file, which is whole or as it was; the folders above it are made.

        Args:
            entry: as the object was listed: the file gets its time.

        Raises:
            Missing: there is no such object.
            DiskError: the file cannot be written.
        """
        part = file.with_name(f".{secrets.token_hex(6)}.new")
        with telling(self.at(key)):
            stream = self._files.open_input_stream(self._path(key))
        try:
            with stream, writing(file):
                file.parent.mkdir(parents=True, exist_ok=True)
                with part.open("xb") as out:
                    while piece := self._read(stream, key):
                        out.write(piece)
                if entry:
                    os.utime(part, ns=(entry.changed_ns, entry.changed_ns))
                part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def push(self, file: Path, key: str) -> int:
        """Write a file into an object, which is whole or as it was; gives its bytes.

        Raises:
            DiskError: the file cannot be read; where that shows after its first bytes, there is no object then.
        """
        with ExitStack() as stack:
            with reading(file):
                source = stack.enter_context(file.open("rb"))
                piece = source.read(_PIECE)
            stack.enter_context(telling(self.at(key)))  # around the stream's end, too: then an object is sent
            stream, size = stack.enter_context(self._writing(key)), 0
            try:
                while piece:
                    size += stream.write(piece)
                    with reading(file):
                        piece = source.read(_PIECE)
            except DiskError:  # what has been written becomes an object when the stream is closed
                stream.close()
                self.delete(key)
                raise
        return size

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        with telling(self.at(key)), suppress(FileNotFoundError):
            self._files.delete_file(self._path(key))

    def delete_tree(self, below: str) -> None:
        """Delete a folder of it and all below that, if it is there."""
        with telling(self.at(below)), suppress(FileNotFoundError):
            self._files.delete_dir(self._path(below))

    @cached_property
    def _opened(self) -> "tuple[pyarrow.fs.FileSystem, str]":
        return file_system(self._place)

    @property
    def _files(self) -> "pyarrow.fs.FileSystem":
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    def _read(self, stream: "pyarrow.NativeFile", key: str) -> bytes:
        with telling(self.at(key)):
            return bytes(stream.read(_PIECE))

    @contextmanager
    def _writing(self, key: str) -> "Iterator[pyarrow.NativeFile]":
        path = self._path(key)
        if self.address.partition(":")[0] not in _RENAMED:
            with self._files.open_output_stream(path) as stream:
                yield stream
            return
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{secrets.token_hex(6)}{name}{_PART}"
        self._files.create_dir(folder, recursive=True)
        try:
            with self._files.open_output_stream(part) as stream:
                yield stream
            self._files.move(part, path)
        except BaseException:
            with suppress(OSError):
                self._files.delete_file(part)
            raise


def open_store(address: str) -> Store:
    """The store at an address that a user has written.

    Raises:
        SettingError: as `read_address`.
        StorageError: nothing here opens such an address. No server is asked but for the region of a bucket of Amazon's
            where no variable names one.
    """
    store = Store(place_of(address))
    store.require_openable()
    return store
