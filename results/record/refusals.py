"""Proposals that could not become trials, each with its reason: a file of the sweep, which only a refusal makes."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract

_NUMBER = re.compile(r"[-+]?\d[\d.,_]*(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Refusal:
    """One proposal that was refused, and drawn again."""

    number: int
    """Of the proposal that it would have been, counted without replicates."""
    attempt: int
    """How many proposals for that number had been refused before."""
    hyperparameters: dict[str, Any]
    reason: str
    """One line."""

    @property
    def kind(self) -> str:
        """The reason without its numbers: where that is the same, a space has one thing to be mended."""
        return _NUMBER.sub("#", self.reason)


@dataclass(frozen=True)
class _Refused:
    """What the file holds."""

    refusals: list[Refusal] = field(default_factory=list)


def read_refusals(sweep_folder: Path) -> tuple[Refusal, ...]:
    """In the order in which they were refused.

    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = sweep_folder / contract.REFUSED_FILE
    content = read_json(file)
    require(file, content, _Refused)
    return tuple(
        Refusal(one["number"], one["attempt"], one["hyperparameters"], one["reason"])
        for one in content.get("refusals", ())
    )


def write_refusals(sweep_folder: Path, refusals: Sequence[Refusal]) -> None:
    """All of them, those of before too; they are on the disk when this returns."""
    write_json(sweep_folder / contract.REFUSED_FILE, {"refusals": [asdict(refusal) for refusal in refusals]})
