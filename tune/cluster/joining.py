"""A Ray cluster joined: found at its address, and given the code that its nodes lack."""

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray._private import services
from ray.exceptions import AuthenticationError, RayError

from trainable.contract import SettingError
from tune.cluster.local_ray import first_line
from tune.cluster.travelling import modules_for_workers

SECONDS_TO_ANSWER = 5.0
_HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HTTP2_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""A frame without any; its fourth byte is the kind of frame, with which either side begins (RFC 9113, 3.4 and 6.5)."""


def join(address: str, run: str, **options: Any) -> None:
    """Join the cluster that this machine is a node of.

    Args:
        address: HOST:PORT, or "auto".
        run: the name of a kind of run, whose code travels to the nodes as ours does.
        options: of `ray.init`.

    Raises:
        SettingError: no cluster answers at the address, or this process cannot join it.
    """
    if "://" in address:
        raise SettingError(
            "address",
            f" {address}: a sweep is driven from a machine of the cluster, not through Ray's client; give auto or "
            "HOST:PORT there, or hand the command in with 'ray job submit'",
        )
    there = _place_of(address)
    try:
        _knock(there)
        ray._raylet.GcsClient(address=there)
    except OSError as error:
        raise SettingError(
            "address",
            f" {address}: no Ray cluster answers there ({first_line(error)}); start one with 'ray start --head', or "
            "leave --address out to use this machine",
        ) from None
    except AuthenticationError:
        raise SettingError(
            "address",
            f" {address}: the Ray cluster there asks for another token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or "
            "RAY_AUTH_TOKEN_PATH to the cluster's",
        ) from None
    except RayError as error:
        raise SettingError(
            "address", f" {address}: what answers there is no Ray cluster's head; {_one_line(error)}"
        ) from None
    if ray.is_initialized():
        return
    if not services.find_node_ids():
        raise SettingError(
            "address",
            f" {address}: a Ray cluster answers there, but this machine is none of its nodes; join it with 'ray start "
            f"--address={there}', or start the sweep on one of them, as with 'ray job submit'",
        )
    with tempfile.TemporaryDirectory() as folder:
        modules = modules_for_workers(run, Path(folder))
        try:
            ray.init(address=there, runtime_env={"py_modules": [*map(str, modules)]}, **options)
        except (RuntimeError, OSError, RayError) as error:  # of its own making, for another version, too
            why = _one_line(error)
            raise SettingError("address", f" {address}: the Ray cluster there cannot be joined: {why}") from error


def _place_of(address: str) -> str:
    """HOST:PORT, where Ray would look for what the user names.

    Raises:
        SettingError: it names no place.
    """
    if address == "auto":
        try:
            return str(services.canonicalize_bootstrap_address_or_die(address))
        except ConnectionError:
            raise SettingError(
                "address",
                " auto: this machine is no node of one Ray cluster alone; give HOST:PORT of its head, or leave "
                "--address out to use this machine by itself",
            ) from None
    port = address.rpartition(":")[2]
    if ":" not in address or not port.isdecimal():
        raise SettingError("address", f" {address}: it names no port; give HOST:PORT of the cluster's head, or auto")
    try:
        return str(services.canonicalize_bootstrap_address(address))
    except OSError:  # nobody knows the host, which knocking tells
        return address


def _one_line(error: BaseException) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())


def _knock(place: str) -> None:
    """Ray itself would wait a minute where nobody listens, or somebody who is not Ray, such as its dashboard.

    Raises:
        OSError: nobody answers in the way of gRPC.
    """
    host, _, port = place.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER) as connection:
        if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
            return
        connection.sendall(_HTTP2_PREFACE + _HTTP2_SETTINGS)
        answer = connection.recv(len(_HTTP2_SETTINGS), socket.MSG_WAITALL)
        if answer[3:4] != _HTTP2_SETTINGS[3:4]:
            raise OSError("what listens there is not the head of one")
