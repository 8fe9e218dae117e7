"""A sweep's record read from its store by who changes nothing: a copy in this machine's cache, brought up to date.

Only what has changed since is fetched, and no checkpoint: for each that is whole in the store a placeholder lies there.
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from results.mirror.arrival import sealed_by_trial
from results.mirror.contents import Turn, turn_of
from results.record.finding import find_sweep
from results.record.sweeps import SweepRecord
from results.storage.fetched import address_of, note_address
from results.storage.store import Store, open_store
from results.storage.trees import fetch_changed
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, UserError
from trainable.system_errors import writing
from trainable.user_paths import home, is_address, read_address


def find_record(
    sweep: str, storage: Path | str = DEFAULT_STORAGE, samples: bool = True, kept_besides: str | None = None
) -> Path:
    """The folder of a sweep, or one that holds what its store does.

    Args:
        sweep: its name, folder or address.
        storage: where sweeps lie, a folder or an address.
        kept_besides: an address below which sweeps lie, too, for a name that is not in the storage.
        samples: whether what runs showed of their epochs is asked for, too: of language models it is most of a record.

    Raises:
        UserError: there is none, or its store does not answer.
    """
    if not is_address(sweep) and isinstance(storage, str):
        sweep = f"{storage}/{sweep}"
    elif kept_besides and not is_address(sweep) and "/" not in sweep and not (Path(storage) / sweep).exists():
        sweep = f"{kept_besides.rstrip('/')}/{sweep}"
    if is_address(sweep):
        return _record_at(read_address(sweep, "sweep"), samples)
    return find_sweep(sweep, Path(storage))


def found_again_as(folder: Path, storage: Path) -> str:
    """What finds a sweep's folder again: its name where it lies in that storage, else its address or its path."""
    return address_of(folder) or (folder.name if folder.parent == storage else str(folder))


def store_of(record: SweepRecord) -> Store | None:
    """That of a sweep which was fetched from one, or is kept in one besides its folder."""
    mirror = record.settings.get("mirror")
    address = address_of(record.folder) or (f"{mirror}/{record.name}" if mirror else None)
    return open_store(address) if address else None


def _record_at(address: str, samples: bool) -> Path:
    store = open_store(address)
    if not store.exists(contract.SWEEP_FILE):
        store.require_bucket()
        raise UserError(
            f"no sweep at {address}: it has no {contract.SWEEP_FILE}; give the address of a sweep, as in "
            "s3://BUCKET/FOLDER/NAME"
        )
    folder = _cache() / hashlib.sha256(store.identity.encode()).hexdigest()[:16] / store.name
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    note_address(folder, address)
    there = store.list()
    sealed = {trial: in_store.sealed for trial, in_store in sealed_by_trial(there).items()}
    _hold_places(folder, sealed)
    details = {
        f"{trial}/{contract.checkpoint_folder_name(epoch)}/{contract.DETAILS_FILE}"
        for trial, epochs in sealed.items()
        for epoch in epochs
    }
    unread = {None, Turn.VIEW, *(() if samples else (Turn.SAMPLES,))}
    fetch_changed(store, folder, lambda key: key in details or turn_of(key) not in unread, there)
    return folder


def _hold_places(folder: Path, sealed: Mapping[str, Collection[int]]) -> None:
    """Have a folder for each checkpoint that is whole in the store, and for no other."""
    for trial, epochs in sealed.items():
        with writing(folder / trial):
            for epoch in epochs:
                (folder / trial / contract.checkpoint_folder_name(epoch)).mkdir(parents=True, exist_ok=True)
            for epoch, checkpoint in contract.checkpoints(folder / trial).items():
                if epoch not in epochs:
                    shutil.rmtree(checkpoint)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or home() / ".cache") / "grpo_sweep" / "records"
