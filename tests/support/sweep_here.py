"""Runs the sweep's own command in the process of the tests, where Ray is up already.

For all that is not about the process itself: signals, kills, the terminal and a second driver want sweep_process.py.
"""

import functools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from sweep_process import arguments, environment, start_sweep

from tune.cluster.ray_environment import prepare_ray_environment


@dataclass(frozen=True)
class RunningRay:
    """The Ray of this process, on loopback."""

    address: str
    variables: dict[str, str]
    """What a process needs in its environment to join it."""


@functools.cache
def ray_here() -> RunningRay:
    """Start Ray in this process, as a sweep would."""
    with patch.dict(os.environ, environment(), clear=True):
        prepare_ray_environment()
        import ray

        from tune.cluster.connecting import connect

        connect(None)
        variables = {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
    return RunningRay(ray.get_runtime_context().gcs_address, variables)


def stop_ray_here() -> None:
    if ray_here.cache_info().currsize:
        import ray

        ray.shutdown()


def start_joined(storage: Path, *flags: object, **variables: str) -> "subprocess.Popen[str]":
    """As `start_sweep`, by a driver that joins the Ray of this process, as it would a cluster."""
    there = ray_here()
    return start_sweep(storage, *flags, "--address", there.address, **there.variables, **variables)


def sweep_here(storage: Path, *flags: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    """As `run_sweep`, without a process of its own."""
    ray_here()
    from tune.run_sweep import main

    return command_here(main, arguments(storage, *flags), **variables)


def command_here(
    main: Callable[[list[str]], int], given: list[str], **variables: str
) -> "subprocess.CompletedProcess[str]":
    """A command's `main`, as a process of its own would end and print; it may use W&B."""
    import wandb

    wandb.teardown()  # its client reads the environment once
    # Else what the client tells of itself is sent a minute later, and the complaint that nobody takes it is a line in
    # whatever this process does then.
    variables = {"WANDB_ERROR_REPORTING": "false"} | variables
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        try:
            with patch.dict(os.environ, environment(**variables), clear=True), printing_into(out, err):
                status = main(given)
        finally:
            wandb.teardown()
        return subprocess.CompletedProcess(
            given, status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


@contextmanager
def printing_into(out: Path, err: Path) -> Iterator[None]:
    """Whatever this process and its children print, not only what goes through `sys.stdout`."""
    before = os.dup(1), os.dup(2)
    with out.open("w", encoding="utf-8") as new_out, err.open("w", encoding="utf-8") as new_err:
        os.dup2(new_out.fileno(), 1)
        os.dup2(new_err.fileno(), 2)
        try:
            with redirect_stdout(new_out), redirect_stderr(new_err):
                yield
        finally:
            os.dup2(before[0], 1)
            os.dup2(before[1], 2)
            os.close(before[0])
            os.close(before[1])
