"""Finding a sweep's folder: by its path, or by its name in the folder where sweeps lie."""

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
