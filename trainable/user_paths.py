"""Paths as users write them, read in one place and refused in one sentence where they are of no use.

Errors of the system are told apart by their errno; their words are the system's own.
"""

import errno
import os
import re
import stat
import sys
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from trainable.contract import SettingError, UserError


class PathTo(StrEnum):
    """What a path leads to."""

    FOLDER = "folder"
    FILE = "file"
    FILE_OR_FOLDER = "file or folder"
    NEW_FOLDER = "folder to write"
    """Made where there is none, with those above it."""
    NEW_FILE = "file to write"
    """In a folder that is there; not a device or a pipe, which a new file would take the place of."""


_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
"""An address: `s3://bucket/x`, and `file:/x` too."""
_LOCAL_ADDRESS = re.compile(r"file:(?://(?:localhost)?)?(/(?!/).*)", re.IGNORECASE | re.DOTALL)

_BUCKETS = ("s3", "s3a", "s3n", "gs", "gcs")
"""Schemes whose first part is a bucket, whose name holds neither @ nor a colon."""
_WITHOUT_HOST = ("file", "local")
_KNOWN = (*_BUCKETS, *_WITHOUT_HOST)

_ACCESS = {
    PathTo.FOLDER: os.R_OK | os.X_OK,
    PathTo.FILE: os.R_OK,
    PathTo.FILE_OR_FOLDER: os.R_OK,
    PathTo.NEW_FOLDER: os.W_OK | os.X_OK,
    PathTo.NEW_FILE: os.W_OK | os.X_OK,
}


def home() -> Path:
    """The user's home, be it that it is not there.

    Raises:
        UserError: nothing tells where it is, as in a container for a user that it does not know.
    """
    try:
        return Path.home()
    except RuntimeError:  # what pathlib raises
        raise UserError(f"HOME is not set, and user {os.getuid()} has no home here; set HOME to a folder") from None


def read_path(text: str, flag: str) -> Path:
    """The absolute path that a user has written: `~`, `~user` and `file://` are understood.

    Args:
        flag: what named it, for the error: a flag, or a setting's name.

    Raises:
        SettingError: it is empty, no path of this machine, or of a user that there is not.
    """
    local = _LOCAL_ADDRESS.fullmatch(text)
    address = _ADDRESS.match(text)
    if address and not local:
        raise SettingError(
            flag,
            f" {shown_address(text)}: {address[1]}: addresses are not supported here; give a path of this machine's "
            "file system",
        )
    path = unquote(local[1]) if local else text
    if not path or "\0" in path:
        raise SettingError(flag, f" {text!r} is no path; give one without NUL that is not empty")
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:  # what pathlib raises for a user that the system does not know
        raise SettingError(flag, f" {text}: there is no such user's home; write the path out") from None


def is_address(text: str) -> bool:
    """Whether it leads to a store elsewhere, `s3://bucket/x`; `file:///x` is a path of this machine."""
    return "://" in text and bool(_ADDRESS.match(text)) and not text.lower().startswith("file:")


def read_address(text: str, flag: str) -> str:
    """An address as a user has written it, without slashes at its end.

    Args:
        flag: what named it, for the error: a flag, or a setting's name.

    Raises:
        SettingError: it holds credentials, which it does not repeat; or options or steps such as `..`.
    """
    if _has_credentials(text):
        raise SettingError(
            flag,
            f" {shown_address(text)}: it holds credentials, which a record would keep; take them out of it, and set "
            "the variables that its store reads (of S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
        )
    if set("?#\0") & set(text):
        raise SettingError(
            flag,
            f" {shown_address(text)}: an address takes no options; give an endpoint and a region by variables "
            "(of S3: AWS_ENDPOINT_URL and AWS_REGION)",
        )
    scheme, _, place = text.partition("://")
    place = place.rstrip("/")
    begins_right = place.startswith("/") is (scheme.lower() in _WITHOUT_HOST) or scheme.lower() not in _KNOWN
    if (
        not place
        or not begins_right
        or any(step in ("", ".", "..") for step in place.split("/")[place.startswith("/") :])
    ):
        raise SettingError(flag, f" {text}: it is no address; write it as in s3://BUCKET/FOLDER")
    return f"{scheme.lower()}://{place}"


def shown_address(text: str) -> str:
    """An address without what may be a secret: what precedes its host, and what follows a question mark or a #."""
    if _has_credentials(text):
        return f"{text.partition(':')[0]}://..."
    return re.split("[?#\0]", text, maxsplit=1)[0]


def _has_credentials(text: str) -> bool:
    """`s3://key:secret@bucket`, whose secret may hold slashes; `sftp://user@host` and `hdfs://host:8020` have none."""
    scheme, _, place = text.partition("://")
    host = place.partition("/")[0]
    before, _, behind = place.partition(":")
    secret_before_at = "@" in behind and "/" not in before and not re.match(r"\d+(/|$)", behind)
    return secret_before_at or (scheme.lower() in _BUCKETS and bool(set("@:") & set(host)))


def is_local_model(model_path: str) -> bool:
    """Whether it is a path: a hub's name has one slash and no dot or tilde in front."""
    return model_path.startswith((".", "/", "~")) or model_path.count("/") != 1 or os.path.isdir(model_path)


def require_usable(path: Path, to: PathTo, flag: str) -> None:
    """Refuse what is not there, is another thing than it should be, or cannot be read or written.

    Args:
        flag: what named it, for the error: a flag, or a setting's name.

    Raises:
        SettingError: it cannot be used so.
    """
    if not _is_utf_8(path):
        raise SettingError(
            flag,
            f" {path}: its name is not UTF-8 on this disk (file names are {sys.getfilesystemencoding()} here), "
            "and Ray, torch and W&B would take it for another; give one of ASCII letters, or set LC_ALL=C.UTF-8",
        )
    try:
        status = path.stat()
    except FileNotFoundError:
        if to not in (PathTo.NEW_FOLDER, PathTo.NEW_FILE):
            raise SettingError(
                flag, f" {path}: there is no such {to}; say with --{flag.removeprefix('--')} where it lies"
            ) from None
        if to is PathTo.NEW_FILE and not path.parent.is_dir():
            raise SettingError(flag, f" {path}: there is no such folder; make it first") from None
        if len(os.fsencode(path.name)) > os.pathconf("/", "PC_NAME_MAX"):  # below a folder that is not there either
            too_long = os.strerror(errno.ENAMETOOLONG)
            raise SettingError(flag, f" {path}: it cannot be used ({too_long}); give another") from None
        require_usable(path.parent, PathTo.NEW_FOLDER, flag)
        return
    except OSError as error:
        raise SettingError(flag, f" {path}: it cannot be used ({error.strerror}); give another") from None
    is_folder = stat.S_ISDIR(status.st_mode)
    if is_folder and to in (PathTo.FILE, PathTo.NEW_FILE):
        raise SettingError(flag, f" {path}: it is a folder; give a file")
    if not is_folder and to in (PathTo.FOLDER, PathTo.NEW_FOLDER):
        raise SettingError(flag, f" {path}: it is a file; give a folder")
    if to is PathTo.NEW_FILE and (not stat.S_ISREG(status.st_mode) or os.path.samestat(status, os.fstat(1))):
        raise SettingError(flag, f" {path}: it is a device, a pipe or what this command prints to; give another file")
    # A file is replaced by another one of its name, so what must be written to is its folder.
    if not os.access(path.parent if to is PathTo.NEW_FILE else path, _ACCESS[to]):
        raise SettingError(flag, f" {path}: {os.strerror(errno.EACCES)}; mend that or give another")


def _is_utf_8(path: Path) -> bool:
    """Whether libraries that Python does not lend its file names' encoding to, the locale's, find the same file."""
    try:
        return os.fsencode(path) == str(path).encode()
    except UnicodeEncodeError:
        return False


def usable_path(text: str, to: PathTo, flag: str) -> Path:
    """A command's argument as a path that can be used.

    Raises:
        SettingError: as `read_path` and `require_usable`.
    """
    path = read_path(text, flag)
    require_usable(path, to, flag)
    return path
