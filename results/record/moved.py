"""A sweep that lies elsewhere than when it was recorded: its settings as they hold there."""

import os
from pathlib import Path
from typing import Any

from results.storage.fetched import address_of


def settings_where_it_lies(recorded: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A record's settings, for the folder that holds it now.

    What lay in the sweep's folder or beneath its storage, and is gone from there, is taken from where the folder or
    the storage is now, if it lies there. Other paths stay as they were recorded.
    """
    storage = Path(recorded["storage_path"])
    moves = {storage / recorded["name"]: folder, storage: folder.parent}
    followed = {name: _followed(value, moves) for name, value in recorded.items()}
    address = address_of(folder)
    return followed | {"storage_path": address.rpartition("/")[0] if address else str(folder.parent)}


def _followed(value: Any, moves: dict[Path, Path]) -> Any:
    if isinstance(value, list):
        return [_followed(item, moves) for item in value]
    if not isinstance(value, str) or not os.path.isabs(value) or os.path.exists(value):
        return value
    there = [
        now / Path(value).relative_to(before) for before, now in moves.items() if Path(value).is_relative_to(before)
    ]
    return next((str(path) for path in there if os.path.exists(path)), value)
