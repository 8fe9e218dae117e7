"""A trial's checkpoints between a folder and a store.

One that lies in the store alone has a folder all the same, so that whoever reads the record knows of it: a
*placeholder*, without its seal. `complete` makes it whole.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from results.mirror.retention import InStore, in_store
from results.storage.errors import Missing
from results.storage.store import Store
from results.storage.trees import fetch_tree, push_tree
from trainable import contract
from trainable.contract import DETAILS_FILE, SEAL_FILE
from trainable.runs.protocol import DamagedCheckpoint
from trainable.runs.seal import require_whole
from trainable.system_errors import writing


def in_store_of(store: Store) -> InStore:
    """Of the store of a trial's folder: the checkpoints that lie there.

    Raises:
        StorageError: it does not answer.
    """
    return in_store(store.list())


def is_placeholder(checkpoint: Path) -> bool:
    """Whether a checkpoint's folder stands for one in the store."""
    return not any(entry.name != DETAILS_FILE for entry in os.scandir(checkpoint))


def local_epochs(trial_folder: Path) -> list[int]:
    """Those whose checkpoints lie on this machine, as far as their folders tell, oldest first."""
    return [epoch for epoch, folder in contract.checkpoints(trial_folder).items() if not is_placeholder(folder)]


def hold_place(store: Store, trial_folder: Path, epoch: int) -> None:
    """Have a folder stand for a checkpoint in the store, with what was achieved in its epoch.

    Args:
        store: of the trial's folder.

    Raises:
        StorageError: it does not answer.
    """
    name = contract.checkpoint_folder_name(epoch)
    folder = trial_folder / name
    with writing(folder):
        folder.mkdir(exist_ok=True)
    with suppress(Missing):  # not every run tells details
        store.fetch(f"{name}/{DETAILS_FILE}", folder / DETAILS_FILE)


def complete(checkpoint: Path, store: Store) -> None:
    """Have a checkpoint's folder hold all of it, fetched from the store where that is not so yet.

    Args:
        store: of the trial's folder.

    Raises:
        StorageError: it does not answer, or has no such checkpoint.
        DamagedCheckpoint: what it has is not what was sealed.
    """
    if checkpoint.is_dir() and not is_placeholder(checkpoint):
        return
    if not store.exists(f"{checkpoint.name}/{SEAL_FILE}"):
        raise Missing(f"{store.at(checkpoint.name)}: there is no whole checkpoint; it may not have been sent yet")
    fetched = checkpoint.with_name(f".{secrets.token_hex(6)}.new")
    try:
        fetch_tree(store, checkpoint.name, fetched)
        require_whole(fetched)
        with writing(checkpoint):
            shutil.rmtree(checkpoint, ignore_errors=True)
            fetched.rename(checkpoint)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)


def send(checkpoint: Path, store: Store, aside: Path) -> bool:
    """Send a checkpoint, its seal last; False where it is not whole, or not yet.

    Args:
        store: of the trial's folder.
        aside: a new folder of the same disk, in which what is sent lies meanwhile, as links: it may be removed where it
            is.

    Raises:
        StorageError, DiskError: it could not be sent.
    """
    try:
        shutil.copytree(checkpoint, aside, copy_function=_link)
        require_whole(aside)
        push_tree(store, aside, checkpoint.name, last=SEAL_FILE)
    except (FileNotFoundError, shutil.Error, DamagedCheckpoint):  # removed, or still being written
        return False
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return True


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def delete(epochs: Sequence[int], store: Store, trial_folder: Path) -> None:
    """Delete checkpoints from the store, each seal first, and the folders that stood for them.

    Args:
        store: of the trial's folder.

    Raises:
        StorageError: it does not answer.
    """
    for epoch in epochs:
        name = contract.checkpoint_folder_name(epoch)
        store.delete(f"{name}/{SEAL_FILE}")
        store.delete_tree(name)
        folder = trial_folder / name
        if folder.is_dir() and is_placeholder(folder):
            shutil.rmtree(folder, ignore_errors=True)
