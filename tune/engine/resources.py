"""What a trial gets and how many fit: CPU cores, GPUs or a share of one, on this machine or on a Ray cluster."""

import dataclasses
import logging
import math
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import ray

import trainable
from trainable.contract import SettingError
from tune.engine.cpu_cores import UsableCores, usable_cores
from tune.engine.local_ray import first_line, start_ray


@dataclass(frozen=True)
class Allotment:
    """What each trial gets, and how many run at a time."""

    cpus_per_trial: float
    gpus_per_trial: float
    max_concurrent_trials: int
    cores: UsableCores | None = None
    """What Ray has of this machine, where it was started for this sweep."""

    def alone(self) -> "Allotment":
        """One trial at a time, with a GPU to itself where it had a share."""
        return dataclasses.replace(self, gpus_per_trial=float(math.ceil(self.gpus_per_trial)), max_concurrent_trials=1)


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


def allot(
    cpus_per_trial: float,
    gpus_per_trial: float | None,
    max_concurrent_trials: int | None,
    cores: UsableCores | None = None,
) -> Allotment:
    """Check the wishes against what Ray has.

    Args:
        cores: as `connect` gave them.

    Raises:
        UserError: not one trial would fit.
    """
    there = ray.cluster_resources()
    cpus, gpus = there.get("CPU", 0.0), there.get("GPU", 0.0)
    wanted_gpus = (1.0 if gpus else 0.0) if gpus_per_trial is None else gpus_per_trial
    if wanted_gpus > gpus:
        raise SettingError("gpus_per_trial", f" is {wanted_gpus:g}, but there are {gpus:g} GPUs; ask for at most that")
    if cpus_per_trial > cpus:
        has = str(cores or f"{cpus:g} CPU cores")
        raise SettingError("cpus_per_trial", f" is {cpus_per_trial:g}, but Ray has {has}; ask for at most that")
    fitting = int(cpus // cpus_per_trial)
    if wanted_gpus:
        fitting = min(fitting, int(gpus) * int(1 // wanted_gpus) if wanted_gpus < 1 else int(gpus // wanted_gpus))
    return Allotment(cpus_per_trial, wanted_gpus, min(max_concurrent_trials or fitting, fitting), cores)
