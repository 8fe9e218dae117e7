"""That a sweep ended before all its trials: a file of the sweep, which a resume that goes on removes."""

from dataclasses import asdict, dataclass
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract
from trainable.system_errors import writing


@dataclass(frozen=True)
class End:
    """What ended a sweep."""

    by: str
    """The setting that did."""
    why: str
    """A sentence."""


def read_end(sweep_folder: Path) -> End | None:
    """None where it has not ended so.

    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = sweep_folder / contract.END_FILE
    content = read_json(file)
    if not content:
        return None
    require(file, content, End)
    return End(content["by"], content["why"])


def write_end(sweep_folder: Path, end: End) -> None:
    """It is on the disk when this returns."""
    write_json(sweep_folder / contract.END_FILE, asdict(end))


def remove_end(sweep_folder: Path) -> None:
    """The sweep goes on."""
    file = sweep_folder / contract.END_FILE
    with writing(file):
        file.unlink(missing_ok=True)
