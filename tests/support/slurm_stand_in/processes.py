"""Which processes belong to a step of a job, whatever sessions they have made: Slurm tells them by their cgroup."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)


def keep_orphans() -> None:
    """Those below this process whose parent ends stay below it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def below(root: int) -> list[int]:
    """The living descendants of a process, without other jobs that one of them may have submitted."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                # The name, in brackets, may hold blanks; state and parent come after it (proc_pid_stat(5)).
                state, parent = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
                if state != "Z":
                    children.setdefault(int(parent), []).append(int(entry.name))
    found, seen = [], [root]
    while seen:
        for child in children.get(seen.pop(), ()):
            if not runs(child, "slurmstepd.py"):
                found.append(child)
                seen.append(child)
    return found


def runs(process: int, file: str) -> bool:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        return any(Path(os.fsdecode(word)).name == file for word in words[:2])
    return False


def send(number: signal.Signals, processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def kill_below(root: int) -> None:
    """Until none is left: one may be starting another."""
    while left := below(root):
        send(signal.SIGKILL, left)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
