"""A copy of a sweep's folder: at W&B it becomes a sweep of its own, since two writers of one run would cost it rows."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from results.record.origin import lies_there_too, new_origin
from results.record.settings_file import read_settings
from results.record.sweeps import SweepRecord, read_sweep, write_sweep_file
from results.record.trial.view_marks import unmark
from results.trackers.wandb_settings import OFFLINE_VIEW, ONLINE_VIEW
from trainable import contract
from trainable.contract import shown_path


def part_from_original(folder: Path, say: Callable[[str], None]) -> None:
    """Give a copy another identity, and forget what W&B has of the original. Of all other sweeps: nothing.

    Where the original has been moved since, the copy passes for the sweep itself, moved. One that is kept in a store is
    the same sweep wherever its folder was brought: the store has one writer.
    """
    record, recorded = read_sweep(folder), read_settings(folder / contract.SWEEP_FILE)
    original = Path(recorded["storage_path"], recorded["name"])
    if not _is_copy(record, original):
        return
    say(f"Sweep {record.name} is a copy of {shown_path(original)}, so at W&B it is a sweep of its own")
    for trial in record.trials:
        unmark(trial.folder, OFFLINE_VIEW)
        unmark(trial.folder, ONLINE_VIEW)
        if (trial.folder / "wandb").exists():
            shutil.rmtree(trial.folder / "wandb")
    (folder / contract.WANDB_PAGES_FILE).unlink(missing_ok=True)
    own = asdict(new_origin(record.name, record.origin.created))
    here = {"name": folder.name, "storage_path": str(folder.parent)}
    write_sweep_file(folder, recorded | own | here)  # last: what was begun is done


def _is_copy(record: SweepRecord, original: Path) -> bool:
    is_kept_in_store = record.settings.get("mirror") and record.name == original.name
    if is_kept_in_store or not lies_there_too(record.folder, original, contract.SWEEP_FILE):
        return False
    return read_sweep(original).origin.identity == record.origin.identity
