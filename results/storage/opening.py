"""The file system behind an address: pyarrow's where it knows the scheme, else fsspec's.

A server that is away must not hold a sweep: S3 is given up after three tries of some seconds each, Google after
some twenty.
"""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from results.storage.errors import StorageError, telling
from trainable.user_paths import read_address

if TYPE_CHECKING:
    import pyarrow.fs

CONNECT_TIMEOUT_S = 3.0
SILENCE_TIMEOUT_S = 4.0
"""For how long a server may send nothing; pyarrow calls it request_timeout."""
TRIES = 3
GOOGLE_RETRY_S = 10

_S3 = ("s3", "s3a", "s3n")
_GOOGLE = ("gs", "gcs")
_OF_ARROW = ("abfs", "abfss", "hdfs", "viewfs")
_NOT_ELSEWHERE = ("memory", "data", "dir", "cached", "blockcache", "filecache", "simplecache", "reference", "generic")
"""What fsspec knows and nobody else would find again, or what is no store."""
_PACKAGES = {
    "az": "adlfs", "adl": "adlfs", "oss": "ossfs", "oci": "ocifs", "sftp": "paramiko", "ssh": "paramiko",
    "smb": "smbprotocol", "webdav": "webdav4", "webhdfs": "requests", "dbfs": "requests", "box": "boxfs",
    "tos": "tosfs", "lakefs": "lakefs-spec", "http": "aiohttp requests", "https": "aiohttp requests",
    "gdrive": "gdrive_fs", "wandb": "wandbfs", "dropbox": "dropboxdrivefs", "root": "fsspec-xrootd", "git": "pygit2",
}  # fmt: skip
"""What fsspec (2026.9) needs for a scheme; its own words name that in a dozen ways."""


@dataclass(frozen=True)
class Place:
    """Where a store is, as far as it is no secret: this travels to other machines."""

    address: str
    """Without credentials and without a slash at its end."""
    endpoint: str = ""
    """Of an S3-compatible server; Amazon's where it is empty."""
    region: str = ""


def place_of(address: str) -> Place:
    """Raises:
    SettingError: as `read_address`.
    StorageError: nothing opens such an address, or Amazon does not tell the region of its bucket.
    """
    address = read_address(address, "address")
    scheme, _, rest = address.partition("://")
    if scheme in _NOT_ELSEWHERE or "::" in address:
        raise StorageError(f"{address}: {scheme}:// is no store that keeps anything; give another, such as s3://")
    if scheme not in _S3:
        return Place(address)
    # pyarrow (26) does not read the variables for the endpoint.
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    if not endpoint and not region:
        from pyarrow.fs import resolve_s3_region

        with telling(address):
            region = resolve_s3_region(rest.partition("/")[0])
    return Place(address, endpoint, region)


def file_system(place: Place) -> "tuple[pyarrow.fs.FileSystem, str]":
    """The file system, and the path of the place in it. No server is asked.

    Raises:
        StorageError: its scheme is unknown, or a package for it is missing.
    """
    import pyarrow.fs

    scheme, _, rest = place.address.partition("://")
    with telling(place.address):
        if scheme in _S3:
            return _s3(place), rest
        if scheme in _GOOGLE:
            return pyarrow.fs.GcsFileSystem(retry_time_limit=timedelta(seconds=GOOGLE_RETRY_S)), rest
    if scheme in _OF_ARROW:
        return _by_arrow(place.address, scheme)
    return _by_fsspec(place.address, scheme)


def _s3(place: Place) -> "pyarrow.fs.FileSystem":
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    return S3FileSystem(
        endpoint_override=place.endpoint or None,
        region=place.region or None,
        connect_timeout=CONNECT_TIMEOUT_S,
        request_timeout=SILENCE_TIMEOUT_S,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=TRIES),
        allow_delayed_open=True,  # a small object in one request instead of three
    )


def _by_arrow(address: str, scheme: str) -> "tuple[pyarrow.fs.FileSystem, str]":
    from pyarrow.fs import FileSystem

    try:
        opened: tuple[pyarrow.fs.FileSystem, str] = FileSystem.from_uri(address)
    except OSError as error:
        missing = re.search(r"Unable to load (\w+)", str(error))
        if not missing:
            raise
        raise StorageError(
            f"{address}: {scheme}:// needs {missing[1]}, which is not here; install Hadoop's client and set JAVA_HOME, "
            "HADOOP_HOME and CLASSPATH"
        ) from None
    return opened


def _by_fsspec(address: str, scheme: str) -> "tuple[pyarrow.fs.FileSystem, str]":
    import fsspec
    from fsspec.registry import known_implementations
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    if scheme not in known_implementations and scheme not in fsspec.available_protocols():
        raise StorageError(
            f"{address}: nothing here opens {scheme}://; give a folder, s3://, gs://, or what fsspec knows"
        )
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError:
        package = _PACKAGES.get(scheme, scheme)
        raise StorageError(
            f"{address}: {scheme}:// needs a package that is missing; install it with: pip install {package}"
        ) from None
    with telling(address):
        opened, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
    return PyFileSystem(FSSpecHandler(opened)), path
