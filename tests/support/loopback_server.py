"""A command that serves on the loopback, started as a user does, and ended."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sweep_process import ROOT, environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_page(url: str, server: "subprocess.Popen[bytes]") -> bytes:
    """What lies at the address, once the server answers."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server ended with status {server.returncode}")


@contextmanager
def serving(
    command: Sequence[object], log: Path, folder: Path = ROOT
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A server by its command, which takes --host and --port: its address, and its process.

    Args:
        log: gets what it prints.
        folder: where it runs.
    """
    port = free_port()
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"),
            stdout=file,
            stderr=file,
        )
        try:
            read_page(f"http://127.0.0.1:{port}/", server)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()
            server.wait()
