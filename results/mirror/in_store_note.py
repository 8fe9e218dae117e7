"""A trial's file that says which of its checkpoints has been in the store: what is missing since, somebody removed."""

from dataclasses import asdict, dataclass
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from results.mirror.contents import IN_STORE_FILE


@dataclass(frozen=True)
class _InStore:
    """What the file holds."""

    epoch: int = 0


def note_in_store(trial_folder: Path, epoch: int) -> None:
    """Of a trial that has ended or is paused: its last checkpoint has come."""
    if newest_noted(trial_folder) != epoch:
        write_json(trial_folder / IN_STORE_FILE, asdict(_InStore(epoch)))


def newest_noted(trial_folder: Path) -> int:
    """0 where none is.

    Raises:
        UserError: the file was edited to what it cannot hold.
    """
    file = trial_folder / IN_STORE_FILE
    content = read_json(file)
    require(file, content, _InStore)
    return _InStore(**content).epoch
