"""Where a sweep's trials run, as far as it was found out or had to change as it went: a file of the sweep.

A resume goes on with it.
"""

import datetime
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract


@dataclass(frozen=True)
class Measurement:
    """What a trial took of a GPU that it had to itself."""

    trial: int
    epoch: int
    gpu: str
    total_mb: float
    peak_mb: float
    busy: float | None
    """The part of the time; None where nobody could tell."""


@dataclass(frozen=True)
class Packing:
    """How many trials share a GPU from then on."""

    wish: float | str
    """What --gpus_per_trial asked for: with another one it no longer holds."""
    trials_per_gpu: int
    why: str
    when: str
    measured: Measurement | None = None


@dataclass(frozen=True)
class SetAside:
    """A node that gets no more trials, for as long as Ray knows it by this id: until it is started anew."""

    node: str
    """As the column node_id of result.json has it."""
    name: str
    address: str
    failed: tuple[int, ...]
    """The trials that failed there one after the other."""
    why: str
    when: str


@dataclass(frozen=True)
class Placement:
    """What was decided, oldest first."""

    packings: tuple[Packing, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    def packing(self, wish: object) -> Packing | None:
        """The one that holds, where the last was decided for that wish."""
        return self.packings[-1] if self.packings and self.packings[-1].wish == wish else None


def read_placement(sweep_folder: Path) -> Placement:
    """
    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = sweep_folder / contract.PLACEMENT_FILE
    content = read_json(file)
    if not content:
        return Placement()
    require(file, content, Placement)
    return TypeAdapter(Placement).validate_python(content)


def write_placement(sweep_folder: Path, placement: Placement) -> None:
    """It is on the disk when this returns."""
    write_json(sweep_folder / contract.PLACEMENT_FILE, asdict(placement))


def add_packing(
    sweep_folder: Path, wish: float | str, trials_per_gpu: int, why: str, measured: Measurement | None = None
) -> None:
    """Record a decision; it is on the disk when this returns."""
    placement = read_placement(sweep_folder)
    packing = Packing(wish, trials_per_gpu, why, _now(), measured)
    write_placement(sweep_folder, replace(placement, packings=(*placement.packings, packing)))


def add_set_aside(sweep_folder: Path, node: str, name: str, address: str, failed: tuple[int, ...], why: str) -> None:
    """Record a decision; it is on the disk when this returns."""
    placement = read_placement(sweep_folder)
    set_aside = SetAside(node, name, address, failed, why, _now())
    write_placement(sweep_folder, replace(placement, set_aside=(*placement.set_aside, set_aside)))


def _now() -> str:
    return f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}"
