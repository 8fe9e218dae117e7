"""Ray on this machine, started for one sweep: on loopback alone, on the cores that may be used, and ended with it."""

import atexit
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partialmethod
from pathlib import Path
from typing import Any

import ray

from trainable.contract import UserError
from trainable.system_errors import in_words, refusal_in
from trainable.terminal.stop_signals import stop_signals_held
from tune.cluster.cpu_cores import UsableCores

_LONGEST_SOCKET = "session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
"""Below Ray's folder, as ray 2.60 names it; the numbers are microseconds and a process."""
_MOST_BYTES = 103 if sys.platform == "darwin" else 107
"""Of a socket's path (unix(7))."""


def start_ray(cores: UsableCores, **options: Any) -> None:
    """Start it for this process.

    Args:
        options: of `ray.init`.

    Raises:
        UserError: its processes cannot be started, or its folder cannot be used.
    """
    folder = ray._common.utils.get_default_ray_temp_dir()
    too_long = len(os.fsencode(f"{folder}/{_LONGEST_SOCKET}")) - _MOST_BYTES
    if too_long > 0:
        raise UserError(
            f"{folder}, where Ray's sockets would lie, is a path {too_long} bytes too long for them; set RAY_TMPDIR to "
            "a shorter one, such as /tmp"
        )
    _stay_on_loopback()
    # Ray would write one into the home, which may be read-only or full.
    if "RAY_AUTH_TOKEN_PATH" not in os.environ:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    # What Ray says of a start that failed, with several tracebacks, is the sentence below.
    logging.getLogger("ray._private").setLevel(logging.CRITICAL)
    try:
        # A signal to all processes (a closed terminal, Ctrl-\, a time limit of Slurm, systemctl stop) would end Ray's,
        # and they this one, before anything could be stopped in order.
        with stop_signals_held(), _only_what_a_sweep_uses():
            # "local": without it Ray would join a cluster that happens to run on this machine.
            context = ray.init(address="local", num_cpus=cores.count, include_dashboard=False, **options)
    except Exception as error:  # Ray raises a plain one, too, where a process of its own has not come up
        ray.shutdown()
        refusal = refusal_in(error)
        raise UserError(
            f"Ray cannot be started ({in_words(refusal) if refusal else first_line(error)}); see that {folder} can be "
            "written (RAY_TMPDIR names another folder), and that the shell allows enough processes, open files, memory "
            "and bytes of a file (ulimit -u, -n, -v, -f)"
        ) from error
    _end_without_asking()
    atexit.register(_end_session, Path(context.address_info["session_dir"]))


@contextmanager
def _only_what_a_sweep_uses() -> Iterator[None]:
    """Within the block, `ray.init` starts no process that nobody asks anything.

    These are the dashboard's server (the start waits for it, and it comes without a dashboard, too), the autoscaler's
    monitor, and what brings the workers' output to the driver: 1.3 s of CPU time, 160 MB and half of Ray's start.

    Reaches into ray 2.60's Node and RayParams.
    """
    node, parameters = ray._private.node.Node, ray._private.parameter.RayParams
    start_server, init = node.start_api_server, parameters.__init__
    node.start_api_server = lambda self, **options: None
    parameters.__init__ = partialmethod(init, include_log_monitor=False, no_monitor=True)
    try:
        yield
    finally:
        node.start_api_server, parameters.__init__ = start_server, init


def _end_session(folder: Path) -> None:
    """Stop the Ray that this process has started, and remove its logs and sockets, which Ray leaves in /tmp."""
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def _end_without_asking() -> None:
    """Have `ray.shutdown` kill Ray's processes, as they hear no SIGTERM, and not wait a second for each before.

    What the raylet has started goes with it: its agents would look for it, and for whom to tell, for half a minute.

    Reaches into ray 2.60's Node.
    """
    import psutil  # Ray brings it along, and says where it lies when it is imported

    node = ray._private.worker._global_node
    kill = node.kill_all_processes

    def kill_at_once(**options: Any) -> None:
        (raylet,) = node.all_processes[ray._private.ray_constants.PROCESS_TYPE_RAYLET]
        below: list[Any] = []
        with suppress(psutil.NoSuchProcess):
            below = psutil.Process(raylet.process.pid).children()
        kill(**options | {"allow_graceful": False})
        for process in below:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    node.kill_all_processes = kill_at_once


def first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _stay_on_loopback() -> None:
    """Have Ray's processes listen on 127.0.0.1 alone, as they do on macOS and Windows.

    Reaches into ray 2.60, which reads the variable when it is imported and asks the constant when it starts a node.
    """
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
