"""store.json: what a store is of, fixed when it is made, so that all else can be had without model, images or torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from results.files.atomic_write import write_json
from trainable.contract import UserError
from trainable.measuring.identity import StoreIdentity
from trainable.profiles.files import KNOB_NAMES, SampleKey
from trainable.profiles.knobs import KnobGrid
from trainable.system_errors import reading

STORE_FILE = "store.json"
FORMAT = 1


@dataclass(frozen=True)
class StoreContents:
    """What never changes of a store. Samples and configurations are known by their places in it."""

    identity: StoreIdentity
    grid: KnobGrid
    configurations: tuple[int, ...]
    """Those of the grid that are measured and may be chosen."""
    keys: tuple[SampleKey, ...]
    questions: tuple[str, ...]
    reference: tuple[int, ...]
    """Training samples that are measured under every configuration before anything else, for budgets and the like."""
    num_blocks: int
    """Of the model's text part."""
    active_blocks: Mapping[int, tuple[int, ...]]
    """Those that stay, by num_active_blocks."""
    crops: Mapping[str, int]
    """The number in a file's name, by tier."""
    settings: Mapping[str, Any]
    """Of the command that made it, by name."""

    @property
    def dataset(self) -> str:
        """Its name, with underscores."""
        return str(self.identity.data["name"])

    @cached_property
    def allowed(self) -> np.ndarray:
        """Which configurations of the grid are the store's, bool [C]."""
        allowed = np.zeros(len(self.grid.configurations), dtype=bool)
        allowed[list(self.configurations)] = True
        return allowed

    def configuration(self, index: int) -> dict[str, str | int]:
        """The knobs' values, by name."""
        return dict(zip(self.grid.names, self.grid.configurations[index], strict=True))

    def knobs(self, index: int) -> dict[str, str | int | None]:
        """The values of all knobs that a profile knows; None of one that the model has not."""
        return {name: self.configuration(index).get(name) for name in KNOB_NAMES}

    def header(self, index: int) -> dict[str, Any]:
        """What stands before a configuration's records."""
        knobs = self.knobs(index)
        blocks = knobs["num_active_blocks"]
        return knobs | {
            "num_total_blocks": self.num_blocks,
            "active_block_indices": list(self.active_blocks[self.num_blocks if blocks is None else int(blocks)]),
            "num_runs_per_sample": self.identity.knobs["num_runs_per_sample"],
        }

    def file_name(self, index: int) -> str:
        """Of a configuration's records, as the profile's layout has it."""
        tier, top_k, blocks = self.knobs(index).values()
        dataset = self.dataset.replace("_", "-")
        return f"{dataset}_imgsizetier-{tier}_crops{self.crops[str(tier)]}_topk{top_k or 0}_blocks{blocks or 0}.json"


def write_contents(folder: Path, contents: StoreContents) -> None:
    """Make a folder a store.

    Raises:
        DiskError: it cannot be written there.
    """
    parts = {name: value for name, value in vars(contents).items() if name not in ("identity", "grid", "keys")}
    parts |= {
        "format": FORMAT,
        "fingerprint": contents.identity.fingerprint,
        "identity": asdict(contents.identity),
        "grid": {"names": contents.grid.names, "values": contents.grid.values},
        "keys": [(key.image_id, key.question_id) for key in contents.keys],
    }
    write_json(folder / STORE_FILE, parts)


def read_contents(folder: Path) -> StoreContents:
    """What a store is of.

    Raises:
        UserError: there is no store, or its file cannot be read.
    """
    file = folder / STORE_FILE
    try:
        with reading(file):
            parts = json.loads(file.read_bytes()) if file.exists() else None
        if parts is None:
            raise UserError(f"{folder}: no measured store lies there; make one with trainable/profile_model.py")
        if parts["format"] != FORMAT:
            raise UserError(f"{file}: it has format {parts['format']}, this version reads {FORMAT}; use its version")
        identity = StoreIdentity(**parts["identity"])
        return StoreContents(
            identity=identity,
            grid=KnobGrid(tuple(parts["grid"]["names"]), tuple(map(tuple, parts["grid"]["values"]))),
            configurations=tuple(parts["configurations"]),
            keys=tuple(SampleKey(identity.data["name"], *key) for key in parts["keys"]),
            questions=tuple(parts["questions"]),
            reference=tuple(parts["reference"]),
            num_blocks=parts["num_blocks"],
            active_blocks={int(number): tuple(blocks) for number, blocks in parts["active_blocks"].items()},
            crops=parts["crops"],
            settings=parts["settings"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: it is no measured store's ({error}); restore it, or give another folder") from None
