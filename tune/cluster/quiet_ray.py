"""Ray without words of its own: what a user is to hear of it, the sweep says, once and in a sentence."""

import logging
from threading import Event
from typing import Any

import optuna
import ray._private.worker

OPTIONS: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
"""Of `ray.init`."""


def quieten() -> None:
    """To be called before Ray is started or joined."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("ray").setLevel(logging.ERROR)
    # What Ray would log of a failed trial, with a traceback each time, the recorder writes into failure.json.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    # Nor what it could not write into the sweep's folder, which is said when the sweep ends of it.
    logging.getLogger("ray.train").setLevel(logging.CRITICAL)
    ray._private.worker.listen_error_messages = _hear_nothing


def _hear_nothing(worker: Any, threads_stopped: Event) -> None:
    """Instead of what prints to the driver whatever a node's processes tell of themselves (ray 2.60).

    Of a node that was killed, two of them print the last twenty lines of its log; of a worker, what the trial's
    failure tells, too.
    """
