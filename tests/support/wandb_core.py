"""wandb-core, the process of W&B's client: it is a child of the process that uses the client, and outlives it."""

import time
from pathlib import Path


def core_of(process: int) -> int:
    """The wandb-core of a process that has no other child."""
    (core,) = [int(child) for file in Path("/proc", f"{process}", "task").glob("*/children") for child in _words(file)]
    assert _words(Path("/proc", f"{core}", "comm")) == ["wandb-core"]
    return core


def wait_for_end(process: int) -> None:
    """Of one whose parent may be gone."""
    deadline = time.monotonic() + 120
    while (status := _words(Path("/proc", f"{process}", "status"))) and status[status.index("State:") + 1] != "Z":
        assert time.monotonic() < deadline, f"process {process} goes on"
        time.sleep(0.02)


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:  # the process or thread has just ended
        return []
