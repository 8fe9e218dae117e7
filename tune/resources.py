"""What a trial gets and how many fit: CPU cores, GPUs or a share of one, on this machine or on a Ray cluster."""

import logging
import os
from dataclasses import dataclass

import ray

from trainable.contract import UserError

PACKAGES = ("tune", "trainable", "search_spaces", "results")

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_WARN_THRESHOLD_S": "30",
    # result.json, progress.csv and TensorBoard are written by our own callbacks, straight into the sweep's folder.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # Trials must not change folder: the paths of a user's own run stay valid.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}


@dataclass(frozen=True)
class Allotment:
    """What each trial gets, and how many run at a time."""

    cpus_per_trial: float
    gpus_per_trial: float
    max_concurrent_trials: int


def connect(address: str | None) -> None:
    """Start Ray on this machine, or join a cluster.

    Raises:
        UserError: no cluster answers at the address.
    """
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    logging.getLogger("ray").setLevel(logging.ERROR)
    options = {"include_dashboard": False} if address is None else {"runtime_env": {"py_modules": _packages()}}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except ConnectionError as error:
        raise UserError(f"--address {address}: no Ray cluster answers there ({str(error).splitlines()[0]})") from None


def _packages() -> list[str]:
    """Folders of our packages, for workers on machines where they are not installed."""
    import importlib

    return [next(iter(importlib.import_module(name).__path__)) for name in PACKAGES if name == "trainable"]


def allot(cpus_per_trial: float, gpus_per_trial: float | None, max_concurrent_trials: int | None) -> Allotment:
    """Check the wishes against what Ray has.

    Raises:
        UserError: not one trial would fit.
    """
    there = ray.cluster_resources()
    cpus, gpus = there.get("CPU", 0.0), there.get("GPU", 0.0)
    wanted_gpus = (1.0 if gpus else 0.0) if gpus_per_trial is None else gpus_per_trial
    if wanted_gpus > gpus:
        raise UserError(f"--gpus_per_trial is {wanted_gpus:g}, but there are {gpus:g} GPUs; ask for at most that")
    if cpus_per_trial > cpus:
        raise UserError(
            f"--cpus_per_trial is {cpus_per_trial:g}, but there are {cpus:g} CPU cores; ask for at most that"
        )
    fitting = int(cpus // cpus_per_trial)
    if wanted_gpus:
        per_gpu = int(1 // wanted_gpus) if wanted_gpus < 1 else 0
        fitting = min(fitting, int(gpus) * per_gpu if per_gpu else int(gpus // wanted_gpus))
    return Allotment(cpus_per_trial, wanted_gpus, min(max_concurrent_trials or fitting, fitting))
