"""A checkpoint that a command is given: by its path, or by its address in a store, from which it is brought here.

What was brought lies in a cache and is taken again while its seal is that of the store.
"""

import hashlib
import os
import shutil
from pathlib import Path

from trainable.contract import SEAL_FILE
from trainable.user_paths import PathTo, home, is_address, read_address, usable_path


def checkpoint_path(text: str) -> Path:
    """Where it lies on this machine.

    Args:
        text: a file, the folder of a checkpoint, run or trial; or the address of a checkpoint.

    Raises:
        UserError: there is none, or its store does not answer.
    """
    if not is_address(text):
        return usable_path(text, PathTo.FILE_OR_FOLDER, "CHECKPOINT")
    from results.mirror.checkpoints import complete  # pyarrow takes a moment to import
    from results.storage.store import open_store

    lies_at = open_store(read_address(text, "CHECKPOINT"))
    store, name = lies_at.above, lies_at.name
    folder = _cache() / hashlib.sha256(store.identity.encode()).hexdigest()[:16] / name
    seal = folder / SEAL_FILE
    if seal.exists() and seal.read_bytes() != store.get(f"{name}/{SEAL_FILE}"):
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    complete(folder, store)
    return folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or home() / ".cache") / "grpo_sweep" / "checkpoints"
