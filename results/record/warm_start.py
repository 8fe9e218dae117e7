"""What a sweep took of earlier ones when it began: a file of the sweep, so that those may be removed since."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract
from trainable.ranking import Row


@dataclass(frozen=True)
class EarlierTrial:
    """A setting that an earlier sweep has tried."""

    sweep: str
    number: int
    """Of its trial there; of several under different seeds, of the first that ran in full."""
    config: dict[str, Any]
    """Of what this sweep searches, the values that it was trained with."""
    state: str
    """'completed', 'stopped' or 'paused'."""
    epochs: int
    best: Row
    """The metrics of the row that stands for it: of several seeds, their mean."""


@dataclass(frozen=True)
class WarmStart:
    """What was taken, and what was not."""

    told: tuple[EarlierTrial, ...] = ()
    """Trials that could be this sweep's own: its sampler learns from them."""
    first: tuple[dict[str, Any], ...] = ()
    """Settings of others, the first to be tried, the best first."""
    said: tuple[str, ...] = ()
    """Sentences, one for each sweep."""


NOTHING = WarmStart()


@dataclass(frozen=True)
class _Recorded:
    """What the file holds."""

    told: list[EarlierTrial] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def read_warm_start(sweep_folder: Path) -> WarmStart:
    """Nothing where it took nothing.

    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = sweep_folder / contract.WARM_START_FILE
    content = read_json(file)
    require(file, content, _Recorded)
    return WarmStart(
        tuple(EarlierTrial(**trial) for trial in content.get("told", ())),
        tuple(content.get("first", ())),
        tuple(content.get("said", ())),
    )


def write_warm_start(sweep_folder: Path, taken: WarmStart) -> None:
    """It is on the disk when this returns; nothing is written where nothing was taken."""
    if taken != NOTHING:
        write_json(sweep_folder / contract.WARM_START_FILE, asdict(taken))
