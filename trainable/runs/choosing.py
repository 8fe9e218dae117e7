"""Kinds of run by the names that users give: of those that ship, of a module's attribute, of one in a Python file."""

import importlib
from pathlib import Path
from types import ModuleType

from trainable.contract import SettingError, UserError
from trainable.runs.code_faults import asked, cause_with_place
from trainable.runs.protocol import RunKind
from trainable.runs.source_files import SourceFiles, import_source_files, read_source_files, text_hash
from trainable.runs.validation import validated
from trainable.user_paths import PathTo, read_path, require_usable

KINDS = {
    "joint_controller": "trainable.grpo.joint_controller:KIND",
    "trl_grpo": "trainable.language_model.trl_grpo:KIND",
}
DEFAULT_KIND = "joint_controller"

_read: dict[Path, SourceFiles] = {}
"""The users' own files that kinds lie in: what was read of them is what this process goes by."""


def is_in_file(name: str) -> bool:
    """Whether a kind is named by a file of the user's, as FILE.py:KIND."""
    return name.endswith(".py") or name.rpartition(":")[0].endswith(".py")


def may_have_moved(recorded: str, given: str) -> bool:
    """Whether the kind that is given may be the recorded one elsewhere: by name it is; of its code the hash tells."""
    return given != recorded and is_in_file(recorded) and Path(given).name == Path(recorded).name


def find_run_kind(name: str) -> RunKind:
    """A kind of run by its name, by `module:attribute` or by `FILE.py:attribute`.

    Raises:
        UserError: there is none of that name, its code cannot be imported, or it lacks what a sweep must know of it.
    """
    place, _, attribute = KINDS.get(name, name).rpartition(":")
    if name.endswith(".py"):  # also an address, which has a colon of its own
        place, attribute = name, ""
    if not is_in_file(name) and not all(part.isidentifier() for part in place.split(".")):
        raise SettingError(
            "run",
            f" {name!r}: no such run; it can be {', '.join(KINDS)} or module:attribute or FILE.py:attribute of your "
            "own",
        )
    if not attribute:
        raise SettingError("run", f" {name!r}: it names no kind in there; give {place}:KIND")
    module = _module(name, place)
    if not hasattr(module, attribute):
        what = place if is_in_file(name) else f"module {place}"
        raise SettingError("run", f" {name!r}: {what} has no {attribute!r}; name its kind of run")
    return asked(attribute, validated, getattr(module, attribute), f" {name!r}: {attribute}")


def _module(name: str, place: str) -> ModuleType:
    try:
        if is_in_file(name):
            return import_source_files(source_files(name))
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and f"{place}.".startswith(f"{error.name}."):
            raise SettingError(
                "run",
                f" {name!r}: {error}; put its folder on PYTHONPATH, or name its file, as --run FILE.py:KIND",
            ) from None
        put = "put that module beside the file" if is_in_file(name) else "put that module's folder on PYTHONPATH"
        raise SettingError(
            "run", f" {name!r}: it cannot be imported: {cause_with_place(error)}; install that package, or {put}"
        ) from error
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        raise SettingError(
            "run", f" {name!r}: it cannot be imported: {cause_with_place(error)}; mend its code"
        ) from error


def source_files(name: str, flag: str = "run") -> SourceFiles:
    """The files of a kind that is named by one; they are read once, until `read_anew`.

    Args:
        flag: what named it, for the error: a sampler of the user's own is read so, too.

    Raises:
        UserError: they cannot be read, or are not Python.
    """
    file = read_path(name.rpartition(":")[0], flag)
    if file not in _read:
        require_usable(file, PathTo.FILE, flag)
        _read[file] = read_source_files(file, flag)
    return _read[file]


def source_hashes(name: str) -> dict[str, str]:
    """What tells the code of a kind of the user's own from what it was, by file; a kind that ships has the project's
    commit."""
    if is_in_file(name):
        return source_files(name).hashes
    if name in KINDS:
        return {}
    file = Path(importlib.import_module(name.partition(":")[0]).__file__ or "")
    return {file.name: text_hash(file.read_bytes())} if file.is_file() else {}


def go_by(files: SourceFiles) -> None:
    """Have this process find a kind in what another has read, wherever its file lies."""
    _read[files.file] = files


def read_anew() -> None:
    """Forget what was read of users' files: a command begins."""
    _read.clear()
