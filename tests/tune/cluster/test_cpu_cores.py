"""How many CPU cores a sweep takes is what the system leaves it, not what the machine has."""

import os
import sys
from pathlib import Path

import pytest

from tune.cluster.cpu_cores import usable_cores

CPU_FUNCTION = "process_cpu_count" if sys.version_info >= (3, 13) else "sched_getaffinity"


@pytest.fixture(autouse=True)
def machine_of_128_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 128)
    allow(monkeypatch, 128)


def allow(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    """As `taskset` and a cpuset do."""
    answer = cores if CPU_FUNCTION == "process_cpu_count" else set(range(cores))
    monkeypatch.setattr(os, CPU_FUNCTION, lambda *process: answer, raising=False)


def cgroup(folder: Path, membership: str, **files: str) -> tuple[Path, Path]:
    """Linux's two places, `__` in a file's name for a slash."""
    for name, content in files.items():
        file = folder / "mounted" / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n", encoding="utf-8")
    (folder / "membership").write_text(membership, encoding="utf-8")
    return folder / "membership", folder / "mounted"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "128 CPU cores"),
        ({"SLURM_CPUS_ON_NODE": "16"}, "16 of 128 CPU cores (Slurm)"),
        ({"SLURM_CPUS_ON_NODE": "16", "SLURM_CPUS_PER_TASK": "8"}, "8 of 128 CPU cores (Slurm)"),
        ({"SLURM_CPUS_ON_NODE": "256"}, "128 CPU cores"),
    ],
)
def test_a_job_of_slurm_takes_what_it_was_allotted(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    assert str(usable_cores(variables, tmp_path / "no cgroups", tmp_path)) == said


def test_a_process_that_is_held_to_some_cores_takes_those(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 4)
    assert str(usable_cores({}, tmp_path / "no cgroups", tmp_path)) == "4 of 128 CPU cores (CPU affinity)"
    allotted = usable_cores({"SLURM_CPUS_PER_TASK": "8"}, tmp_path / "no cgroups", tmp_path)
    assert str(allotted) == "4 of 128 CPU cores (CPU affinity)"


@pytest.mark.parametrize(
    ("membership", "files", "count"),
    [
        ("0::/job/step\n", {"job__step__cpu.max": "max 100000", "job__cpu.max": "650000 100000"}, 6),
        ("0::/job\n", {"job__cpu.max": "50000 100000", "cpu.max": "max 100000"}, 1),
        ("0::/\n", {"cpu.max": "300000 100000"}, 3),
        ("0::/as/the/host/sees/it\n", {"cpu.max": "300000 100000"}, 3),
        ("0::/job\n", {}, 128),
        (
            "9:memory:/job\n4:cpu,cpuacct:/job\n0::/\n",
            {
                "cpu,cpuacct__job__cpu.cfs_quota_us": "400000",
                "cpu,cpuacct__job__cpu.cfs_period_us": "100000",
                "cpu,cpuacct__cpu.cfs_quota_us": "-1",
                "cpu,cpuacct__cpu.cfs_period_us": "100000",
            },
            4,
        ),
    ],
)
def test_a_container_takes_the_whole_cores_of_its_quota(
    tmp_path: Path, membership: str, files: dict[str, str], count: int
) -> None:
    usable = usable_cores({}, *cgroup(tmp_path, membership, **files))
    assert (usable.count, usable.of_machine) == (count, 128)
    assert usable.limited_by == ("cgroup quota" if count < 128 else "")
