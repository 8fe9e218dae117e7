"""What a run leaves behind: threads, processes, files, memory of a GPU."""

import gc
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

GRACE_SECONDS = 1.0
"""For what is told to end and needs a moment."""


@dataclass(frozen=True)
class Traces:
    """What there is at one moment."""

    threads: frozenset[threading.Thread]
    processes: frozenset[int]
    """The children of this process, by their ids."""
    files: frozenset[tuple[Path, int, int]]
    """With their sizes and when they were written."""
    gpu_bytes: int
    """Of all GPUs, what this process has taken for tensors."""


def traces(folder: Path) -> Traces:
    """Of this process, and in a folder."""
    gc.collect()  # a run may hold itself in a circle
    files = [(file, file.stat()) for file in folder.rglob("*") if file.is_file()]
    return Traces(
        frozenset(threading.enumerate()),
        frozenset(_children()),
        frozenset((file, stat.st_size, stat.st_mtime_ns) for file, stat in files),
        sum(torch.cuda.memory_allocated(index) for index in range(torch.cuda.device_count())),
    )


def left_since(before: Traces, folder: Path) -> list[str]:
    """What has come since, and does not go by itself within a moment, in words."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := _new(before, traces(folder))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _new(before: Traces, now: Traces) -> list[str]:
    gpu_bytes = now.gpu_bytes - before.gpu_bytes
    return [
        *([f"{gpu_bytes:,} bytes on the GPU"] if gpu_bytes > 0 else []),
        *(f"thread {thread.name!r}" for thread in now.threads - before.threads),
        *(f"process {pid}" for pid in now.processes - before.processes),
        *(f"{file} in the folder for temporary files" for file in _names(now.files - before.files)),
    ]


def _names(files: Iterable[tuple[Path, int, int]]) -> list[str]:
    return sorted(file.name for file, _, _ in files)


def _children() -> list[int]:
    """Those that live; none where the system has no /proc."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = file.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
        except OSError:  # it has ended
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(file.parent.name))
    return found
