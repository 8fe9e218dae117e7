"""Ray for a sweep: started on this machine, or a cluster's, joined at its address."""

import logging
import socket
from pathlib import Path
from typing import Any

import optuna
import ray

import trainable
from trainable.contract import SettingError
from tune.cluster.cpu_cores import UsableCores, usable_cores
from tune.cluster.local_ray import first_line, start_ray


def connect(address: str | None) -> UsableCores | None:
    """Start Ray on this machine, or join a cluster; a Ray that this process has already, as in a notebook, is used.

    Returns:
        The cores of this machine that Ray was started with.

    Raises:
        UserError: no cluster answers at the address, or Ray cannot be started here.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("ray").setLevel(logging.ERROR)
    # What Ray would log of a failed trial, with a traceback each time, the recorder writes into failure.json.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    # Nor what it could not write into the sweep's folder, which is said when the sweep ends of it.
    logging.getLogger("ray.train").setLevel(logging.CRITICAL)
    if ray.is_initialized() and address is None:
        return None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        cores = usable_cores()
        start_ray(cores, **quiet)
        return cores
    try:
        _knock(address)
        if ray.is_initialized():
            return None
        # Workers on other machines need what a trial imports, whether or not the project is installed there.
        ray.init(address=address, runtime_env={"py_modules": [str(Path(trainable.__file__).parent)]}, **quiet)
    except OSError as error:
        raise SettingError(
            "address",
            f" {address}: no Ray cluster answers there ({first_line(error)}); start one with 'ray start "
            "--head', or leave --address out to use this machine; if that cluster asks for a token, set "
            "RAY_AUTH_MODE=token",
        ) from None
    return None


def _knock(address: str) -> None:
    """Ray itself would wait a minute for an address that nobody listens on."""
    host, separator, port = address.rpartition(":")
    if separator and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=5).close()
