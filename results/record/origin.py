"""What a sweep gets at its beginning and keeps, whatever its folder is called and wherever it lies afterwards."""

import os
import secrets
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """Lies in sweep.yaml, a line a field."""

    created: str
    """When it began. Others may have begun in the same second."""
    identity: str
    """Random; what the ids of its runs at W&B are made of."""
    wandb_group: str
    """Of its runs: the name that it began with, and the beginning of its identity."""


BESIDE_SETTINGS = ("format", *(field.name for field in fields(Origin)), "history")
"""What sweep.yaml holds that is no setting."""


def new_origin(name: str, created: str) -> Origin:
    identity = secrets.token_hex(6)
    return Origin(created, identity, f"{name}-{identity[:6]}")


def lies_there_too(folder: Path, recorded: Path, file: str) -> bool:
    """Whether another folder than this holds the file, where the record says that this folder is.

    Then this one may be a copy. Of what was moved, nothing is there, and a link leads to the same folder.
    """
    return os.access(recorded / file, os.R_OK) and not recorded.samefile(folder)
