"""A Ray cluster on this machine whose GPUs are made up, and whose nodes lack the project, as bare machines do.

Its workers run with an interpreter that has every package that is installed here, but nothing of this checkout: what
they know of it has travelled to them.
"""

import itertools
import os
import signal
import site
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ray.cluster_utils import Cluster
from sweep_process import RUN_SWEEP, arguments, environment

HEAD = "head"
SECONDS_AT_MOST = 180.0
"""Of a sweep: one that hangs is to fail its test and not to hang all."""


def bare_python(folder: Path) -> Path:
    """An interpreter with the packages alone: paths that these add themselves, as an editable install does, are not
    followed from another's folder."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "packages_alone.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return folder / "bin" / "python"


class MadeUpCluster:
    """A head without CPUs, as an autoscaled cluster has, and whatever nodes are added."""

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: with a short path, since Ray's sockets lie below.
        """
        self._folder, self._python = folder, bare_python(folder / "bare")
        self.variables = {
            "RAY_TMPDIR": str(folder),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on loopback alone
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_prestart_worker_first_driver": "0",
            "RAY_health_check_period_ms": "1000",
            "OMP_NUM_THREADS": "1",
        }
        self._nodes: dict[str, Any] = {}
        with self._as_on_a_node():
            self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "node_name": HEAD})
        self.address: str = self._cluster.address

    def id(self, name: str) -> str:
        """As results have it in the column node_id."""
        return str(self._nodes[name].node_id)

    def add(self, name: str, cpus: int, gpus: int, **variables: str) -> None:
        """A node, there when this returns.

        Args:
            variables: that its workers have in their environment.
        """
        with self._as_on_a_node(**variables):
            self._nodes[name] = self._cluster.add_node(num_cpus=cpus, num_gpus=gpus, node_name=name)

    @contextmanager
    def started(self, name: str, cpus: int, *wrapped_in: str) -> Iterator[None]:
        """A node that `ray start` has made, as on a machine of its own, there within the block.

        Args:
            wrapped_in: a command that runs what follows it, such as one that gives it mounts of its own.
        """
        node = ["start", f"--address={self.address}", f"--num-cpus={cpus}", f"--node-name={name}"]
        with self._as_on_a_node():
            variables = os.environ | {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}  # else it would not be started so
            at_its_address = f"--node-ip-address={self.address.partition(':')[0]}"
            process = subprocess.Popen(
                [*wrapped_in, sys.executable, "-m", "ray.scripts.scripts", *node, at_its_address, "--block"],
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                start_new_session=True,
            )
        assert process.stdout
        try:
            said = list(itertools.takewhile(lambda line: "--block" not in line, process.stdout))
            assert process.poll() is None, "".join(said)
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def kill(self, name: str) -> None:
        """As a machine that loses its power."""
        with self._as_on_a_node():
            self._cluster.remove_node(self._nodes.pop(name), allow_graceful=False)

    def shut_down(self) -> None:
        with self._as_on_a_node():
            self._cluster.shutdown()

    def start_sweep(
        self, storage: Path, *flags: object, address: str = "", **variables: str
    ) -> "subprocess.Popen[str]":
        """The sweep's own command, joining this cluster, from a folder that is not the project's."""
        given = arguments(storage, *flags, "--address", address or self.address, "--wandb_mode", "disabled")
        process = subprocess.Popen(
            [sys.executable, str(RUN_SWEEP), *given],
            env=environment(**self.variables, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=self._folder,
        )
        end_it = threading.Timer(SECONDS_AT_MOST, process.kill)
        end_it.daemon = True
        end_it.start()
        return process

    @contextmanager
    def _as_on_a_node(self, **variables: str) -> Iterator[None]:
        """Ray's processes have this environment and run with the bare interpreter."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        with (
            patch.dict(os.environ, kept | self.variables | variables, clear=True),
            patch.object(sys, "executable", str(self._python)),
        ):
            yield


def printed_by(process: "subprocess.Popen[str]", status: int = 0) -> str:
    """All that it prints until it ends, as it should."""
    try:
        printed, _ = process.communicate()
    finally:
        process.kill()
    assert process.returncode == status, printed
    return printed


@contextmanager
def made_up_cluster() -> Iterator[MadeUpCluster]:
    with tempfile.TemporaryDirectory(prefix="c", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = MadeUpCluster(Path(folder))
        try:
            yield cluster
        finally:
            cluster.shut_down()
