"""Ray is started on machines where its usual places are of no use, or the sweep ends in a sentence.

A Ray of a sweep's own takes long to start: what can be seen of the same one is seen of the same one.
"""

import functools
import ipaddress
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from made_once import made_once
from other_checkout import copy_packages
from sweep_process import (
    QUADRATIC,
    ROOT,
    arguments,
    command,
    curves,
    environment,
    epochs_recorded,
    rows,
    run_sweep,
    trial_folders,
    wait_until,
)

from trainable.contract import UserError
from trainable.user_paths import home
from tune.cluster.cpu_cores import usable_cores
from tune.cluster.local_ray import start_ray

TINY = (*QUADRATIC, "--num_samples", 2, "--num_epochs", 3, "--wandb_mode", "disabled", "--max_concurrent_trials", 1)
LISTENING = "0A"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    return [process] + [below for child in children for below in descendants(int(child))]


def sockets_of(processes: list[int]) -> set[str]:
    """Inodes of every socket that the processes hold."""
    links = [os.readlink(entry) for number in processes for entry in Path(f"/proc/{number}/fd").iterdir()]
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def listening_addresses(processes: list[int]) -> list[Address]:
    of_sweep = sockets_of(processes)
    addresses = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in of_sweep:
                number = bytes.fromhex(fields[1].partition(":")[0])
                # The kernel prints words of four bytes in the machine's own order.
                words = b"".join(number[index : index + 4][::-1] for index in range(0, len(number), 4))
                addresses.append(ipaddress.ip_address(words))
    return addresses


IN_64_MB = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$@"', "sh")
"""Before a command: what it sees of /dev/shm is what a container has of it."""


@functools.cache
def may_mount() -> bool:
    try:
        return subprocess.run([*IN_64_MB, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Alone:
    """The quadratic sweep of a user without a home, in a job of one core, by another checkout in a process apart.

    Its TMPDIR is too long for sockets, and its /dev/shm is small where that can be had.
    """

    folder: Path
    status: int
    printed: str
    complaints: str
    checkout: Path
    sessions: list[Path]
    """Folders that Ray has left."""


def sweep_alone(storage: Path) -> Alone:
    checkout = copy_packages(storage / "checkout")
    flags = (*QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--wandb_mode", "disabled")
    given, deep = arguments(storage, "--name", "alone", *flags), storage / ("deep" * 30)
    deep.mkdir()
    with tempfile.TemporaryDirectory() as temporary:  # a short path: that of a socket has at most 107 bytes
        done = subprocess.run(
            [*(IN_64_MB if may_mount() else ()), sys.executable, checkout / "tune" / "run_sweep.py", *given],
            env=environment(HOME="/dev/null", SLURM_CPUS_PER_TASK="1", TMPDIR=str(deep), RAY_TMPDIR=temporary),
            cwd=storage, capture_output=True, encoding="utf-8", timeout=300,
        )  # fmt: skip
        sessions = list(Path(temporary).rglob("session_2*"))
    return Alone(storage / "alone", done.returncode, done.stdout, done.stderr, checkout, sessions)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    return made_once(tmp_path_factory, "lonely_sweeps", sweep_alone)


def test_a_home_that_cannot_be_written_costs_nothing_and_a_job_of_one_core_runs_one_trial_at_a_time(
    alone: Alone,
) -> None:
    assert (alone.status, alone.complaints) == (0, "")
    assert "1 at a time" in alone.printed
    assert "CPU cores (Slurm)" in alone.printed


@pytest.mark.skipif(not may_mount(), reason="mounts a small /dev/shm, which this user may not")
def test_a_shared_memory_of_64_mb_and_a_long_tmpdir_cost_nothing(alone: Alone) -> None:
    assert (alone.status, alone.complaints) == (0, "")


def test_a_process_of_its_own_leaves_the_record_of_one_that_has_a_ray(
    alone: Alone, quadratic_sweep: tuple[Path, str]
) -> None:
    assert curves(alone.folder) == curves(quadratic_sweep[0])


def test_a_sweeps_workers_run_the_modules_of_its_checkout_and_ray_leaves_nothing_behind(alone: Alone) -> None:
    workers = {row["pid"] for trial in trial_folders(alone.folder) for row in rows(trial)}
    assert workers
    assert all((alone.checkout / f"imported_by_{worker}").exists() for worker in workers)
    assert alone.sessions == []
    assert alone.printed.startswith("Getting ready: the settings, the data and Ray\n")


@dataclass(frozen=True)
class Stopped:
    """A sweep that was looked at amid its first trial; then a signal came to all its processes."""

    folder: Path
    status: int
    printed: str
    addresses: list[Address]
    """Where its processes listened."""
    processes: dict[int, str]
    """All below its own, and what each was started as."""
    left: set[int]
    """Of these, those that have outlived it."""


def stopped_sweep(storage: Path) -> Stopped:
    sweep, gate = storage / "all", storage / "gate"
    running = subprocess.Popen(
        command(storage, "--name", "all", *TINY, "--gate", gate, "--gate_epoch", 1),
        env=environment(), cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    wait_until(lambda: epochs_recorded(sweep) >= 1, running)
    below = descendants(running.pid) if sys.platform == "linux" else []
    addresses = listening_addresses(below)
    processes = {number: Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")[0].decode() for number in below[1:]}
    os.killpg(running.pid, signal.SIGTERM)
    for trial in trial_folders(sweep):  # Ray's workers have groups of their own
        os.kill(rows(trial)[0]["pid"], signal.SIGTERM)
    printed, _ = running.communicate(timeout=120)
    left = {number for number in processes if is_alive(number)}
    return Stopped(sweep, running.returncode, printed, addresses, processes, left)


def is_alive(process: int) -> bool:
    """Unless it has ended, and nobody has asked yet how."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    return made_once(tmp_path_factory, "stopped_sweeps", stopped_sweep)


def test_a_signal_to_all_processes_of_a_sweep_stops_it_in_order(stopped: Stopped) -> None:
    """As a closed terminal sends it, a time limit of Slurm, or `systemctl stop`."""
    assert stopped.status == 143, stopped.printed
    assert "Stopped by SIGTERM; everything is on disk." in stopped.printed
    assert [len(rows(trial)) for trial in trial_folders(stopped.folder)] == [1]
    assert not list(stopped.folder.glob("trial_*/failure.json"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_every_port_of_a_sweep_is_on_loopback(stopped: Stopped) -> None:
    assert len(stopped.addresses) >= 3
    reachable = [
        a
        for a in stopped.addresses
        if not a.is_loopback and not (a.version == 6 and a.ipv4_mapped and a.ipv4_mapped.is_loopback)
    ]
    assert reachable == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_of_ray_only_what_a_sweep_uses_is_started_and_nothing_of_it_outlives_the_sweep(stopped: Stopped) -> None:
    names = {Path(started_as).name for started_as in stopped.processes.values()}
    workers = {name for name in names if "Trainable" in name or name == "ray::IDLE"}
    assert workers
    assert names - workers == {"gcs_server", "raylet", "ray::DashboardAgent", "ray::RuntimeEnvAgent"}
    assert stopped.left == set()


def test_a_temporary_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    refused = run_sweep(tmp_path, "--name", "new", *TINY, RAY_TMPDIR="/dev/null")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "see that /dev/null/ray can be written (RAY_TMPDIR names another folder)" in line
    assert not (tmp_path / "new").exists()


def test_a_temporary_folder_too_deep_for_sockets_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 66 of "/x...x/ray/", 42 of the session and 21 of "/sockets/plasma_store" are 129, 22 above 107
    monkeypatch.setenv("RAY_TMPDIR", f"/{'x' * 60}")
    with pytest.raises(UserError, match=r"is a path 22 bytes too long for them; set RAY_TMPDIR to a shorter one"):
        start_ray(usable_cores())


def test_a_user_whom_the_system_does_not_know_is_told_to_set_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    with pytest.raises(UserError, match="HOME is not set, and user 4000000000 has no home here"):
        home()
