"""The measurements of one configuration, a record a line, in a file that is JSON whenever it is read.

    {"tier": "low", ..., "per_sample_results": [
    {record}
    ,{record}
    ]}

To append is to overwrite the last line. A crash amid that leaves a torn last line, which is no record: who reads stops
before it, who writes next overwrites it. A file that has all its records can be packed, as `.json.gz`; whoever appends
to it all the same unpacks it.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from results.files.atomic_write import write_atomically
from trainable.contract import UserError
from trainable.on_disk import sync
from trainable.system_errors import reading, writing

Record = Mapping[str, Any]

_BEGINNING = ' "per_sample_results": [\n'
_END = b"]}\n"


class RecordFile:
    """One file, read on from where the last reading ended. It need not be there yet.

    Args:
        header: what stands before the records where this process makes the file.
    """

    def __init__(self, path: Path, header: Record) -> None:
        self.path = path
        self.packed = path.with_name(path.name + ".gz")
        self._header = header
        self._position = 0
        """Behind the last record that was read; 0 before the header was."""
        self._num_records = 0

    def read_new(self) -> list[Record]:
        """The records since the last call, in the order of the file; on the disk, whoever has written them.

        Raises:
            UserError: the file cannot be read, has lost what was read before, or is damaged.
        """
        size = _size(self.path)
        if not size and _size(self.packed):
            if self._position:
                return []
            content = self._unpacked()
        elif size < self._position:
            raise UserError(f"{self.path}: measurements that were in use have gone from it; restore it")
        elif size <= self._position + len(_END):
            return []
        else:
            with reading(self.path):
                with self.path.open("rb") as file:
                    file.seek(self._position)
                    content = file.read()
                sync(self.path)  # what another process has just written counts from now on, so it must last
        if not self._position:
            self._position = content.find(b"\n") + 1
            if not content[: self._position].endswith(_BEGINNING.encode()):
                raise UserError(
                    f"{self.path}: it was not written by the profiler, or was written anew since, and cannot be gone "
                    "on with; move it away"
                )
            content = content[self._position :]
        return list(self._records_of(content))

    def _unpacked(self) -> bytes:
        with reading(self.packed):
            packed = self.packed.read_bytes()
        try:
            return gzip.decompress(packed)
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"{self.packed}: it cannot be unpacked ({error}); restore it") from None

    def pack(self) -> None:
        """Have it as `.json.gz`. Only for who has the store's lock.

        Raises:
            DiskError: it cannot be written; it is as it was.
        """
        if not _size(self.path):
            return
        with reading(self.path):
            content = self.path.read_bytes()
        write_atomically(self.packed, gzip.compress(content, mtime=0))
        with writing(self.path):
            self.path.unlink()

    def _records_of(self, content: bytes) -> Iterator[Record]:
        lines = content.split(b"\n")[:-1]  # what follows the last line end is nothing, or torn
        for index, line in enumerate(lines):
            if line == _END.strip():
                return
            record = _record(line)
            if record is None:
                if any(_record(later) is not None for later in lines[index + 1 :]):
                    raise UserError(
                        f"{self.path}: line {self._num_records + 2} is damaged and measurements follow it; mend that "
                        "line or remove it"
                    )
                return
            self._position += len(line) + 1
            self._num_records += 1
            yield record

    def append(self, records: Sequence[Record]) -> None:
        """Add records, of which at least one; they are on the disk when this returns.

        Only for who has the store's lock and has read the file to its end.

        Raises:
            DiskError: they cannot be written; the file is as it was.
        """
        lines = [json.dumps(record, separators=(",", ":")).encode() for record in records]
        if not self._position:
            header = json.dumps(self._header)[:-1] + "," + _BEGINNING
            write_atomically(self.path, header.encode() + b"\n,".join(lines) + b"\n" + _END)
            return
        if _size(self.packed):
            if not _size(self.path):
                write_atomically(self.path, self._unpacked())
            with writing(self.packed):
                self.packed.unlink()
        first = b"," if self._num_records else b""
        with writing(self.path), self.path.open("r+b", buffering=0) as file:
            try:
                _write_at(file.fileno(), first + b"\n,".join(lines) + b"\n" + _END, self._position)
            except OSError:
                _write_at(file.fileno(), _END, self._position)  # over bytes that the file has: a full disk takes it
                raise


def _size(path: Path) -> int:
    """In bytes; 0 where there is no file."""
    with reading(path):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0


def _write_at(descriptor: int, content: bytes, position: int) -> None:
    """Write the end of a file anew, to the disk."""
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], position + written)
    os.ftruncate(descriptor, position + len(content))
    os.fsync(descriptor)


def _record(line: bytes) -> Record | None:
    """None where the line holds no record."""
    try:
        record = json.loads(line.removeprefix(b","))
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
