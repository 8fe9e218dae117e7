"""A sweep that goes on from its store: its records are brought here, and folder and store are made to agree.

Checkpoints are not fetched before somebody loads them: a placeholder stands for each.
"""

import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from results.files.atomic_write import make_folder
from results.mirror.checkpoints import delete, hold_place, is_placeholder, local_epochs
from results.mirror.contents import is_fetched
from results.mirror.in_store_note import noted
from results.mirror.ownership import note_runs_here
from results.mirror.retention import InStore, best_epoch, beyond, goes_on_after, in_store, superseded
from results.record.trial.log import cut_rows, read_rows
from results.storage.store import Store
from results.storage.trees import fetch_changed
from trainable import contract
from trainable.contract import UserError
from trainable.ranking import Objective

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
        for of_trial in (aside / folder.name).iterdir():
            if contract.trial_number(of_trial.name) is not None and not _shows_all_rows(of_trial):
                cut_rows(of_trial, len(read_rows(of_trial)))
        note_runs_here(aside / folder.name, run)
        (aside / folder.name).rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _shows_all_rows(trial_folder: Path) -> bool:
    """Whether its progress.csv, which a store gets now and then, has come as far as its result.json."""
    shown, rows = (trial_folder / name for name in (contract.PROGRESS_FILE, contract.RESULT_FILE))
    if not rows.exists():
        return True
    return shown.exists() and shown.read_bytes().count(b"\n") == 1 + rows.read_bytes().count(b"\n")


def sealed_by_trial(keys: Iterable[str]) -> dict[str, InStore]:
    """Which checkpoints lie in a store, by the folder of their trial."""
    of_trials: dict[str, list[str]] = {}
    for key in keys:
        trial, _, rest = key.partition("/")
        if contract.trial_number(trial) is not None:
            of_trials.setdefault(trial, []).append(rest)
    return {trial: in_store(rests) for trial, rests in of_trials.items()}


@dataclass(frozen=True)
class Agreed:
    """What a store holds of a trial's checkpoints when a sweep goes on."""

    there: InStore
    has_remains: bool
    """Whether some of them have been replaced, and are still there."""


def agree(
    store: Store, folder: Path, there: Mapping[str, InStore], objective: Objective, say: Callable[[str], object]
) -> dict[str, Agreed]:
    """Make a sweep's folder and its store agree on what checkpoints there are, before it goes on.

    A trial whose last or best checkpoint was lost on its way goes on from the newest of before that. Checkpoints beyond
    the rows that are recorded are deleted, since their epochs are run again.

    Args:
        store: of the sweep.
        there: as `sealed_by_trial` gave it.
        objective: what trials are ranked by.

    Returns:
        What the store holds then, by trial's folder.

    Raises:
        UserError: it does not answer, or a file cannot be read or written.
    """
    for trial in there.keys() - {entry.name for entry in folder.iterdir()}:  # whose folder was removed
        store.delete_tree(trial)
    trials = sorted(entry for entry in folder.iterdir() if contract.trial_number(entry.name) is not None)
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        of_trials = threads.map(partial(_agree_on_trial, store, there, objective, say), trials)
        return {trial.name: agreed for trial, agreed in zip(trials, of_trials, strict=True)}


def _agree_on_trial(
    store: Store, there: Mapping[str, InStore], objective: Objective, say: Callable[[str], object], folder: Path
) -> Agreed:
    of_trial, rows, own_store = there.get(folder.name, InStore()), read_rows(folder), store.below(folder.name)
    is_failed = (folder / contract.FAILURE_FILE).exists()
    if not is_failed:
        found = [*local_epochs(folder), *of_trial.sealed]
        if (kept := goes_on_after(objective, rows, found, noted(folder))) < len(rows):
            number = contract.trial_number(folder.name)
            say(f"trial {number}: goes on after epoch {kept}; what was written later is not whole")
            rows = cut_rows(folder, kept)
    if too_new := beyond(of_trial, len(rows)):
        delete(too_new, own_store, folder)
        of_trial = of_trial.without(too_new)
    lying = contract.checkpoints(folder)
    for epoch, checkpoint in lying.items():
        if epoch > len(rows) or (is_placeholder(checkpoint) and epoch not in of_trial.sealed):
            shutil.rmtree(checkpoint)
    for epoch in of_trial.sealed:
        if epoch not in lying:
            hold_place(own_store, folder, epoch)
    return Agreed(of_trial, bool(superseded(of_trial, len(rows), best_epoch(objective, rows, of_trial))))
