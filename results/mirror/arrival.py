"""A sweep that goes on from its store: its records are brought here, and folder and store are made to agree.

Checkpoints are not fetched before somebody loads them: a placeholder stands for each.
"""

import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from results.files.atomic_write import make_folder
from results.mirror.checkpoints import delete, hold_place, is_placeholder, local_epochs
from results.mirror.contents import is_fetched
from results.mirror.in_store_note import newest_noted
from results.mirror.ownership import note_runs_here
from results.mirror.retention import InStore, beyond, in_store, lacks_last
from results.record.trial.log import cut_rows, read_rows
from results.storage.store import Store
from results.storage.trees import fetch_changed
from trainable import contract
from trainable.contract import UserError

AT_A_TIME = 16


def fetch_sweep(store: Store, folder: Path, run: str) -> None:
    """Have a new folder hold a sweep's records, all of them or none.

    Args:
        store: of the sweep.
        folder: where there is none.
        run: of the command, which drives the sweep from there on.

    Raises:
        UserError: the store holds no sweep, or does not answer, or the folder cannot be written.
    """
    if not store.exists(contract.SWEEP_FILE):
        raise UserError(f"no sweep at {store.address}: it has no {contract.SWEEP_FILE}; give the address of a sweep")
    make_folder(folder.parent, f"--storage_path {folder.parent}")
    aside = folder.with_name(f".{secrets.token_hex(6)}.new")  # with the sweep's folder in it: it is no sweep's itself
    try:
        fetch_changed(store, aside / folder.name, is_fetched)
        note_runs_here(aside / folder.name, run)
        (aside / folder.name).rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sealed_by_trial(keys: Iterable[str]) -> dict[str, InStore]:
    """Which checkpoints lie in a store, by the folder of their trial."""
    of_trials: dict[str, list[str]] = {}
    for key in keys:
        trial, _, rest = key.partition("/")
        if contract.trial_number(trial) is not None:
            of_trials.setdefault(trial, []).append(rest)
    return {trial: in_store(rests) for trial, rests in of_trials.items()}


def agree(store: Store, folder: Path, there: Mapping[str, InStore], say: Callable[[str], object]) -> dict[str, InStore]:
    """Make a sweep's folder and its store agree on what checkpoints there are, before it goes on.

    Those beyond the rows that are recorded are deleted, since their epochs are run again. A trial that has ended, whose
    last checkpoint was lost on its way, goes on from the one before.

    Args:
        store: of the sweep.
        there: as `sealed_by_trial` gave it.

    Returns:
        What the store holds then.

    Raises:
        UserError: it does not answer, or a file cannot be read or written.
    """
    for trial in there.keys() - {entry.name for entry in folder.iterdir()}:  # whose folder was removed
        store.delete_tree(trial)
    trials = sorted(entry for entry in folder.iterdir() if contract.trial_number(entry.name) is not None)
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        of_trials = threads.map(partial(_agree_on_trial, store, there, say), trials)
        return {trial.name: agreed for trial, agreed in zip(trials, of_trials, strict=True)}


def _agree_on_trial(store: Store, there: Mapping[str, InStore], say: Callable[[str], object], folder: Path) -> InStore:
    of_trial, rows = there.get(folder.name, InStore()), read_rows(folder)
    if too_new := beyond(of_trial, len(rows)):
        delete(too_new, store.below(folder.name), folder)
        of_trial = of_trial.without(too_new)
    lying = contract.checkpoints(folder)
    for epoch, checkpoint in lying.items():
        if is_placeholder(checkpoint) and epoch not in of_trial.sealed:
            shutil.rmtree(checkpoint)
    for epoch in of_trial.sealed:
        if epoch not in lying:
            hold_place(store.below(folder.name), folder, epoch)
    saved = [row[contract.EPOCH] for row in rows if row.get(contract.CHECKPOINTED)]
    has_ended = bool(rows) and (bool(rows[-1].get("done")) or contract.PAUSED in rows[-1])
    is_failed = (folder / contract.FAILURE_FILE).exists()
    local = local_epochs(folder)
    if has_ended and not is_failed and lacks_last(saved, len(rows), local, of_trial, newest_noted(folder)):
        kept = max((epoch for epoch in (*local, *of_trial.sealed) if epoch <= len(rows)), default=0)
        cut_rows(folder, kept)
        say(f"trial {contract.trial_number(folder.name)}: goes on after epoch {kept}; its last checkpoint was lost")
    return of_trial
