"""What a sweep gets at its beginning and keeps, whatever its folder is called and wherever it lies afterwards."""

import secrets
from dataclasses import dataclass, fields


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
