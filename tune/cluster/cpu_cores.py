"""How many CPU cores this process may use: a scheduler, a container or `taskset` often leaves it fewer than there are.

Ray counts those of the machine.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UsableCores:
    """At least one core."""

    count: int
    of_machine: int
    limited_by: str = ""
    """What leaves it fewer than the machine has: Slurm, CPU affinity, cgroup quota."""

    def __str__(self) -> str:
        if not self.limited_by:
            return f"{self.count} CPU cores"
        return f"{self.count} of {self.of_machine} CPU cores ({self.limited_by})"


def usable_cores(
    variables: Mapping[str, str] = os.environ,
    membership: Path = Path("/proc/self/cgroup"),
    cgroups: Path = Path("/sys/fs/cgroup"),
) -> UsableCores:
    """The least of what the system leaves this process.

    Args:
        variables: its environment, in which Slurm tells what it has allotted.
        membership: which cgroups it is in, as Linux tells it (cgroups(7)).
        cgroups: where they are mounted.
    """
    of_machine = os.cpu_count() or 1
    limits = {
        "": of_machine,
        "Slurm": _of_slurm(variables),
        "CPU affinity": _in_affinity(),
        "cgroup quota": _in_quota(membership, cgroups),
    }
    known = {limited_by: count for limited_by, count in limits.items() if count}
    limited_by = min(known, key=known.__getitem__)
    return UsableCores(known[limited_by], of_machine, limited_by)


def _in_affinity() -> int | None:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count()
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _of_slurm(variables: Mapping[str, str]) -> int | None:
    """A task's cores, where a job asked for so many of each, else all that the job has on this node."""
    allotted = variables.get("SLURM_CPUS_PER_TASK") or variables.get("SLURM_CPUS_ON_NODE", "")
    return int(allotted) if allotted.isdecimal() else None


def _in_quota(membership: Path, cgroups: Path) -> int | None:
    """Whole cores in the smallest quota of the process's cgroup and those above it."""
    quotas = [quota_us / period_us for quota_us, period_us in _quotas(membership, cgroups) if quota_us > 0]
    return max(1, int(min(quotas))) if quotas else None


def _quotas(membership: Path, cgroups: Path) -> Iterator[tuple[int, int]]:
    """Microseconds of CPU time in each period, and the period; of what has no quota, none or -1.

    A container may see the path that its cgroup has outside, with its own cgroup mounted as the root.
    """
    for line in membership.read_text(encoding="utf-8").splitlines() if membership.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounted = cgroups / controllers  # of version 2, which has one tree for all, it is the folder itself
        of_process = mounted / path.lstrip("/")
        for folder in (of_process, *of_process.parents):
            if not folder.is_relative_to(mounted):
                break
            if (folder / "cpu.max").exists():
                quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
                if quota != "max":
                    yield int(quota), int(period)
            elif (folder / "cpu.cfs_quota_us").exists():
                yield (
                    int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8")),
                    int((folder / "cpu.cfs_period_us").read_text(encoding="utf-8")),
                )
