"""From which rungs a paused trial went on: a file in its folder, written before anybody hears of it."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract


@dataclass(frozen=True)
class Promotion:
    """A paused trial goes on."""

    epoch: int
    """Its last when it was paused."""
    arrival: int
    """How many rows the sweep had recorded: what was known when it was decided."""


@dataclass(frozen=True)
class _Promotions:
    """What the file holds."""

    promotions: list[Promotion] = field(default_factory=list)


def read_promotions(trial_folder: Path) -> tuple[Promotion, ...]:
    """The earliest first.

    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = trial_folder / contract.PROMOTIONS_FILE
    content = read_json(file)
    require(file, content, _Promotions)
    return tuple(Promotion(one["epoch"], one["arrival"]) for one in content.get("promotions", ()))


def add_promotion(trial_folder: Path, promotion: Promotion) -> None:
    """It is on the disk when this returns."""
    promotions = [asdict(one) for one in (*read_promotions(trial_folder), promotion)]
    write_json(trial_folder / contract.PROMOTIONS_FILE, {"promotions": promotions})
