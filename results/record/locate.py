"""Where a sweep lies: by its folder, or by its name under the place where sweeps lie by default."""

from pathlib import Path

from results.record.sweeps import read_settings
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, UserError


def find_sweep(name_or_folder: str, storage: Path = DEFAULT_STORAGE) -> Path:
    """The folder of a sweep.

    Raises:
        UserError: there is none of that name.
    """
    for folder in (storage / name_or_folder, Path(name_or_folder)):
        if (folder / contract.SWEEP_FILE).is_file():
            return folder.absolute()
    there = sorted(sweep.name for sweep in _sweeps(storage))
    known = f"it holds {', '.join(there[-5:])}" if there else "it holds none yet"
    raise UserError(f"no sweep {name_or_folder!r} in {storage} ({known}); give a sweep's name or folder")


def latest_sweep(storage: Path = DEFAULT_STORAGE) -> Path:
    """The folder of the sweep that was begun last.

    Raises:
        UserError: there is none.
    """
    sweeps = _sweeps(storage)
    if not sweeps:
        raise UserError(f"no sweep in {storage} to resume; begin one without --resume")
    return max(sweeps, key=lambda folder: str(read_settings(folder / contract.SWEEP_FILE).get("created", "")))


def _sweeps(storage: Path) -> list[Path]:
    return [file.parent for file in storage.glob(f"*/{contract.SWEEP_FILE}")]
