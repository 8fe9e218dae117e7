"""Sweeps found by name or folder."""

import os
from pathlib import Path

from results.record.settings_file import read_settings
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, UserError
from trainable.user_paths import read_path

OF_OBJECTIVE = "metric", "mode", "constraint"
"""The settings that say what trials are ranked by."""


def find_sweep(name_or_folder: str, storage: Path = DEFAULT_STORAGE) -> Path:
    """The folder of a sweep.

    Raises:
        UserError: there is none of that name, or it is no path.
    """
    for folder in (storage / name_or_folder, read_path(name_or_folder, "sweep")):
        if os.path.isfile(folder / contract.SWEEP_FILE):  # False, too, for what is no path of this system
            folder = folder.absolute()
            return folder.resolve() if folder.name == ".." else folder  # its name is the sweep's
    there = sorted(file.parent.name for file in _sweep_files(storage))
    known = f"it holds {', '.join(there[-5:])}" if there else "it holds none yet"
    raise UserError(f"no sweep {name_or_folder!r} in {storage} ({known}); give a sweep's name or folder")


def latest_sweep(storage: Path = DEFAULT_STORAGE) -> Path:
    """The folder of the sweep that was begun last.

    Raises:
        UserError: there is none.
    """
    files = _sweep_files(storage)
    if not files:
        raise UserError(f"no sweep in {storage} to resume; begin one without --resume")
    return max(files, key=lambda file: str(read_settings(file).get("created", ""))).parent


def _sweep_files(storage: Path) -> list[Path]:
    return list(storage.glob(f"*/{contract.SWEEP_FILE}"))
