"""A trial's failure, as a file beside its rows; opened again for another try, it stays as history."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract
from trainable.on_disk import sync
from trainable.system_errors import reading, writing


@dataclass(frozen=True)
class Failure:
    """What ended a trial before its time."""

    kind: str
    """One of the contract's FAILURE_KINDS."""
    epoch: int
    cause: str
    """One line: the exception's type and text."""
    traceback: str = ""
    node: str = ""
    """Where, as the column of result.json says it; empty where nobody knows."""

    @property
    def exception(self) -> str:
        """The exception's type: two failures with the same one failed the same way."""
        return self.cause.split(":")[0]


def write_failure(trial_folder: Path, failure: Failure) -> None:
    write_json(trial_folder / contract.FAILURE_FILE, asdict(failure))


def read_failure(trial_folder: Path) -> Failure | None:
    file = trial_folder / contract.FAILURE_FILE
    with reading(file):
        return _of_file(file) if file.exists() else None


def earlier_failures(trial_folder: Path) -> list[Failure]:
    """Failures after which the trial was tried again, oldest first."""
    with reading(trial_folder):
        return [_of_file(file) for file in sorted(trial_folder.glob("failure_*.json"))]


def reopen(trial_folder: Path) -> None:
    """Let the trial run again from its newest checkpoint."""
    number = len(earlier_failures(trial_folder)) + 1
    file = trial_folder / contract.FAILURE_FILE
    with writing(file):
        file.replace(trial_folder / f"failure_{number}.json")
        sync(trial_folder)


def _of_file(file: Path) -> Failure:
    content = read_json(file)
    require(file, content, Failure)
    return Failure(**{field.name: content[field.name] for field in fields(Failure) if field.name in content})
