"""A trial's file that says which of its checkpoints were in the store: what is missing since, somebody removed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from results.mirror.contents import IN_STORE_FILE


@dataclass(frozen=True)
class _InStore:
    """What the file holds."""

    epochs: list[int] = field(default_factory=list)


def note_in_store(trial_folder: Path, epochs: Collection[int]) -> None:
    """Of a trial that has ended or is paused: its last checkpoint has come, and its best."""
    if noted(trial_folder) != set(epochs):
        write_json(trial_folder / IN_STORE_FILE, asdict(_InStore(sorted(epochs))))


def noted(trial_folder: Path) -> set[int]:
    """
    Raises:
        UserError: the file was edited to what it cannot hold.
    """
    file = trial_folder / IN_STORE_FILE
    content = read_json(file)
    require(file, content, _InStore)
    return set(_InStore(**content).epochs)
