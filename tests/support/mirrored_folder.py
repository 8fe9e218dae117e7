"""A sweep's folder as a mirror sees it, without a sweep: rows, sealed checkpoints, and a store on this disk."""

import json
from collections.abc import Iterable
from pathlib import Path

from results.storage.store import Store, open_store
from trainable import contract
from trainable.ranking import read_objective
from trainable.runs.seal import seal

OBJECTIVE = read_objective("height", "max", ())


def store_in(folder: Path) -> Store:
    """An empty one: a scheme of fsspec's for this disk."""
    return open_store(f"local://{folder}/store")


def sweep_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / contract.SWEEP_FILE).write_text("name: a\n", encoding="utf-8")
    return folder


def trial(folder: Path, number: int, heights: Iterable[float], *, ended: bool = False) -> Path:
    """A trial, whose every epoch was saved, with these rows; its folder."""
    of_trial = folder / contract.trial_folder_name(number)
    if not of_trial.exists():
        of_trial.mkdir()
        (of_trial / contract.PARAMS_FILE).write_text("{}", encoding="utf-8")
    rows = [{contract.EPOCH: n, "height": h, contract.CHECKPOINTED: True} for n, h in enumerate(heights, start=1)]
    if ended:
        rows[-1]["done"] = True
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (of_trial / contract.RESULT_FILE).write_text(text, encoding="utf-8")
    return of_trial


def checkpoint(of_trial: Path, epoch: int, *, sealed: bool = True) -> Path:
    """One with a file of weights, and details."""
    folder = of_trial / contract.checkpoint_folder_name(epoch)
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "w").write_text(f"weights of epoch {epoch}", encoding="utf-8")
    (folder / contract.DETAILS_FILE).write_text("{}", encoding="utf-8")
    if sealed:
        seal(folder)
    return folder
