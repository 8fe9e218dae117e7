"""Which values a model's knobs can have: as the user says, else as the checkpoint does, else by a rule.

A checkpoint may say it in `knobs.json` beside its weights:

    {"tiers": {"low": 16, "medium": 28, "high": 56}, "top_k": [1, 2, 4, 8], "num_active_blocks": [4, 8, 12, 16]}

A tier's number is what its family counts: see there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainable.contract import UserError
from trainable.profiles.knobs import KnobGrid

KNOBS_FILE = "knobs.json"


@dataclass(frozen=True)
class KnobLimits:
    """What the loaded model allows."""

    tiers: Mapping[str, int]
    """The family's own."""
    top_k: int
    """As the checkpoint was trained; 1 where there is nothing to turn."""
    most_experts: int
    num_blocks: int
    """Of the text model."""
    num_fixed_blocks: int
    """All of them where none can be left out."""


@dataclass(frozen=True)
class Wishes:
    """What a user or a checkpoint wants of the knobs; None where they do not care."""

    tiers: Mapping[str, int] | None = None
    top_k: Sequence[int] | None = None
    num_active_blocks: Sequence[int] | None = None


def read_wishes(folder: Path) -> Wishes:
    """What the checkpoint's knobs.json says, if it has one.

    Raises:
        UserError: it is no such file.
    """
    file = folder / KNOBS_FILE
    if not file.exists():
        return Wishes()
    try:
        wishes = Wishes(**json.loads(file.read_text(encoding="utf-8")))
        for name, values in (("tiers", dict(wishes.tiers or {}).values()), *_numbers(wishes).items()):
            if not all(type(value) is int and value > 0 for value in values):
                raise ValueError(f"{name} holds {list(values)}, not whole numbers above 0")
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{file}: {error}; it can hold tiers (an object of names and numbers), top_k and num_active_blocks (lists)"
        ) from None
    return wishes


def tier_numbers(limits: KnobLimits, checkpoint: Wishes) -> dict[str, int]:
    """Each tier's number, the cheapest first."""
    return dict(sorted((checkpoint.tiers or limits.tiers).items(), key=lambda tier: tier[1]))


def wanted_tiers(path: str, tiers: Mapping[str, int], names: Sequence[str] | None) -> list[str]:
    """The tiers that are named, in their own order; all where none is.

    Raises:
        UserError: the model has no such tier.
    """
    if unknown := [name for name in names or () if name not in tiers]:
        raise UserError(f"{path}: tier {unknown[0]!r} cannot be had; the model has {', '.join(tiers)}")
    return [name for name in tiers if not names or name in names]


def knob_grid(path: str, limits: KnobLimits, tiers: Sequence[str], checkpoint: Wishes, user: Wishes) -> KnobGrid:
    """Every knob that the model has, with its values from the cheapest to the dearest.

    Raises:
        UserError: a value that the model cannot take.
    """
    values: dict[str, Sequence[str | int]] = {"tier": tiers}
    ranges = {
        "top_k": (1, limits.most_experts if limits.top_k > 1 else 1, _powers_of_two(limits.top_k)),
        "num_active_blocks": (max(1, limits.num_fixed_blocks), limits.num_blocks, _quarters(limits)),
    }
    for name, (least, most, by_rule) in ranges.items():
        wanted = _numbers(user)[name]
        chosen = sorted({*(wanted or _numbers(checkpoint)[name] or by_rule)})
        if odd := [value for value in chosen if not least <= value <= most]:
            raise UserError(f"{path}: {name} {odd[0]} cannot be had; this model takes {least} to {most}")
        if least < most:
            values[name] = chosen
    return KnobGrid(tuple(values), tuple(map(tuple, values.values())))


def _numbers(wishes: Wishes) -> dict[str, Sequence[int]]:
    return {"top_k": wishes.top_k or (), "num_active_blocks": wishes.num_active_blocks or ()}


def _powers_of_two(most: int) -> list[int]:
    return [*(2**power for power in range(most.bit_length()) if 2**power < most), most]


def _quarters(limits: KnobLimits) -> list[int]:
    quarters = [round(limits.num_blocks * share / 4) for share in (1, 2, 3, 4)]
    return [count for count in quarters if count >= max(1, limits.num_fixed_blocks)]
