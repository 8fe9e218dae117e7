"""What a command and all that it starts take: CPU seconds and memory, read from /proc (Linux)."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
"""Of prctl(2)."""
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SECONDS_BETWEEN_LOOKS = 0.2
LOOKS_BETWEEN_MEMORY = 5
"""To read what memory a process has costs more than to read its time."""
SECONDS_TO_END = 3.0
"""For what a command leaves running: Ray's agents would stay for half a minute."""


@dataclass(frozen=True)
class Usage:
    """What one command took."""

    status: int
    began_at: float
    """When it was started, as `time.time` says."""
    seconds: float
    """Until it had ended; what it left running is given a moment, then killed."""
    cpu_seconds: float
    """Of all its processes. One that was started and ended between two looks counts where its parent waited for it."""
    memory_mb: float
    """Proportional set size of all of them at its peak: a page that two processes share counts half for each."""
    most_processes: int


def run_watched(command: Sequence[str], variables: Mapping[str, str], output: Path) -> Usage:
    """Run a command to its end, and end what it leaves running.

    Args:
        variables: its environment.
        output: gets what it prints.
    """
    others = frozenset(process_tree(os.getpid())[1:])
    _adopt(True)
    began_at, began, before = time.time(), time.monotonic(), _cpu_seconds_of_reaped()
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=variables, stdout=file, stderr=subprocess.STDOUT)
    seen: dict[tuple[int, str], float] = {}
    memory_mb, most_processes, looks, seconds = 0.0, 0, 0, 0.0
    while True:
        tree = process_tree(os.getpid(), others)[1:]
        if not seconds and process.poll() is not None:
            seconds = time.monotonic() - began
        if seconds:
            _reap(tree)
        for pid in tree:
            if stat := _stat(pid):
                seen[pid, stat[19]] = _cpu_seconds(stat)  # 19: its start, since a pid may be given again
        if looks % LOOKS_BETWEEN_MEMORY == 0:
            memory_mb = max(memory_mb, sum(map(proportional_mb, tree)))
        most_processes, looks = max(most_processes, len(tree)), looks + 1
        if seconds and not tree:
            break
        if seconds and time.monotonic() - began > seconds + SECONDS_TO_END:
            _kill(tree)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    _adopt(False)
    # Neither sees all: the first not what ended between two looks, the second not what nobody waited for.
    cpu_seconds = max(sum(seen.values()), _cpu_seconds_of_reaped() - before)
    return Usage(process.returncode, began_at, seconds, cpu_seconds, memory_mb, most_processes)


def process_tree(root: int, others: Set[int] = frozenset()) -> list[int]:
    """Process ids of a process and all below it, but for others and what is below these."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in others and (stat := _stat(int(entry.name))):
            children[int(stat[1])].append(int(entry.name))
    tree = [root]
    for process in tree:
        tree += children[process]
    return tree


def proportional_mb(process: int) -> float:
    """Its proportional set size; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def cpu_seconds(process: int) -> float:
    """User's and system's; 0 for a process that has ended."""
    stat = _stat(process)
    return _cpu_seconds(stat) if stat else 0.0


def _stat(process: int) -> list[str]:
    """The fields after the command's name (proc_pid_stat(5), from its third on); none where it has just ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_seconds(stat: Sequence[str]) -> float:
    return (int(stat[11]) + int(stat[12])) / _TICKS_PER_SECOND


def _cpu_seconds_of_reaped() -> float:
    """Of all that this process, or one below it, has waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _kill(processes: Sequence[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _adopt(wanted: bool) -> None:
    """Whether what a process of ours leaves running becomes a child of this one, or of init."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _reap(processes: Sequence[int]) -> None:
    """Take leave of those that have ended."""
    for process in processes:
        with contextlib.suppress(ChildProcessError):  # it is no child of this one
            os.waitpid(process, os.WNOHANG)
