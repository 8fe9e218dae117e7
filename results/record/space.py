"""What a sweep searched, hyperparameter by hyperparameter: a chart wants to know which axes are logarithmic."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from results.record.atomic_write import write_whole
from trainable import contract

FLOAT, INT, CATEGORICAL = "float", "int", "categorical"


@dataclass(frozen=True)
class Dimension:
    """The values that one hyperparameter may take."""

    kind: str
    """FLOAT or INT: from `low` to `high`, both included; CATEGORICAL: one of `choices`."""
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    choices: tuple[Any, ...] = ()


Space = dict[str, Dimension]


def write_space(folder: Path, space: Mapping[str, Dimension]) -> None:
    content = {name: asdict(dimension) for name, dimension in space.items()}
    write_whole(folder / contract.SPACE_FILE, json.dumps(content, indent=2) + "\n")


def read_space(folder: Path) -> Space:
    """The space of the sweep in that folder; empty where none was written."""
    file = folder / contract.SPACE_FILE
    content: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    return {
        name: Dimension(**{**dimension, "choices": tuple(dimension["choices"])}) for name, dimension in content.items()
    }
