"""In which order blocks are left out, on the disk: our file, and the original system's.

importance.json                 {"drop_order": [10, 8, ...], ...}: the block that goes first in front
layer_importance_scores.json    {"1": 0.038, ...}: a score of each block that can go; the lowest goes first
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results.files.atomic_write import write_json
from trainable.contract import UserError
from trainable.system_errors import reading

IMPORTANCE_FILE = "importance.json"
SCORES_FILE = "layer_importance_scores.json"


def read_importance(file: Path, num_blocks: int, fixed_blocks: Sequence[int] = (0,)) -> tuple[int, ...]:
    """The order in which blocks are left out, from either file. Of the original's, scores of fixed blocks do not count.

    Raises:
        UserError: it cannot be read, is neither, or is of another model.
    """
    with reading(file):
        raw = file.read_bytes()
    try:
        content = json.loads(raw)
        if not isinstance(content, dict) or not content:
            raise ValueError('it is neither {"drop_order": [...]} nor an object of blocks and their scores')
        if "drop_order" in content:
            order = _checked(content["drop_order"], num_blocks)
            if fixed := sorted(set(order) & set(fixed_blocks)):
                raise ValueError(f"it drops block {fixed[0]}, which the model cannot go without")
            return order
        return tuple(block for block in _by_score(content, num_blocks) if block not in fixed_blocks)
    except (ValueError, RecursionError) as error:
        raise UserError(f"importance of blocks {file}: {error}; give the model's own, or have it found anew") from None


def _by_score(scores: Mapping[str, Any], num_blocks: int) -> tuple[int, ...]:
    for name, score in scores.items():
        if not name.isdecimal() or type(score) not in (int, float):
            raise ValueError(f"{name!r}: {score!r:.40} is no block's number and score")
    order = sorted((score, int(name)) for name, score in scores.items())
    return _checked([block for _, block in order], num_blocks)


def _checked(order: Any, num_blocks: int) -> tuple[int, ...]:
    if not isinstance(order, list) or not all(type(block) is int for block in order):
        raise ValueError("drop_order is no list of blocks' numbers")
    if odd := [block for block in order if not 0 <= block < num_blocks]:
        raise ValueError(f"it has a block {odd[0]}, and the model's are 0 to {num_blocks - 1}")
    if len(set(order)) < len(order):
        raise ValueError("it drops a block twice")
    return tuple(order)


def write_importance(folder: Path, order: Sequence[int], details: Mapping[str, Any]) -> None:
    """Both files. The original's gets a block's place in the order as its score, the last one's being 1: what the score
    loses by a block can be the same for two, or less than nothing.

    Args:
        details: what else is to be known of it, by name.

    Raises:
        UserError: the folder cannot be written to.
    """
    places = {str(block): round(place / len(order), 6) for place, block in enumerate(order, start=1)}
    write_json(folder / SCORES_FILE, places)
    write_json(folder / IMPORTANCE_FILE, {"drop_order": list(order), **details})
