"""Trials on other nodes than the one where the sweep's folder lies: the store is what they share with it.

Such a node has a folder of its own for them, from which their checkpoints are sent. Whoever goes on with a trial looks
there, or in the sweep's folder on the driver's node, and asks the store for what is not there.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from results.mirror.checkpoints import complete, in_store_of, local_epochs
from results.record.trial.kept_checkpoints import replaced
from results.storage.errors import StorageError
from results.storage.store import Store
from trainable import contract
from trainable.ranking import Row
from trainable.runs.protocol import DamagedCheckpoint
from trainable.system_errors import writing

SECONDS_BETWEEN_TRIES = 2.0


@dataclass(frozen=True)
class Elsewhere:
    """What a trial knows of its sweep wherever it runs; it travels there."""

    store: Store
    """Of the sweep."""
    node: str
    """The one where the sweep's folder lies, by Ray's id."""
    sweep: str
    run: str
    """Of the command. Both name the folders on other nodes."""
    keeps_all: bool
    """Whether every checkpoint stays."""

    def folder_on(self, node: str) -> Path:
        """The one for trials on another node, asked there; two of Ray's may be one machine."""
        return Path(tempfile.gettempdir()) / f"{self._prefix}{self.run}-{node[:8]}"

    def remove_earlier(self) -> None:
        """Remove from this node what earlier runs of the command have left there."""
        for folder in Path(tempfile.gettempdir()).glob(f"{self._prefix}*"):
            if not folder.name.startswith(f"{self._prefix}{self.run}-"):
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def _prefix(self) -> str:
        return f"grpo-sweep-{self.sweep}-"

    def trial_folder(self, of_sweep: Path, node: str) -> Path:
        """
        Args:
            of_sweep: the trial's folder in the sweep's.
            node: where it trains.
        """
        return of_sweep if node == self.node else self.folder_on(node) / of_sweep.name

    def hold_place(self, of_sweep: Path, epoch: int, node: str) -> None:
        """In the trial's folder in the sweep's, for a checkpoint that was made on another node and is on its way."""
        if node != self.node:
            folder = of_sweep / contract.checkpoint_folder_name(epoch)
            with writing(folder):
                folder.mkdir(exist_ok=True)

    def bring_newest(self, trial_folder: Path, rows: Sequence[Row]) -> None:
        """Have the newest checkpoint that a trial's rows tell of lie on this node, or the newest that there is.

        A store that is away is asked again, but not for longer than it would take to train it all once more.
        """
        saved = [row[contract.EPOCH] for row in rows if row[contract.CHECKPOINTED]]
        if not saved or saved[-1] in local_epochs(trial_folder):
            return
        give_up_at = time.monotonic() + rows[-1]["time_total_s"]
        while True:
            try:
                self._bring(trial_folder, len(rows))
                return
            except StorageError:
                if time.monotonic() > give_up_at:
                    return
                time.sleep(SECONDS_BETWEEN_TRIES)

    def _bring(self, trial_folder: Path, num_rows: int) -> None:
        store = self.store.below(trial_folder.name)
        newest_here = max((epoch for epoch in local_epochs(trial_folder) if epoch <= num_rows), default=0)
        for epoch in reversed(in_store_of(store).sealed):
            if newest_here < epoch <= num_rows:
                with suppress(DamagedCheckpoint):
                    complete(trial_folder / contract.checkpoint_folder_name(epoch), store)
                    return

    def remove_replaced(self, trial_folder: Path, best: int | None) -> None:
        """Of a folder on another node, where the recorder does not; what is sent at this moment lies aside, too."""
        if not self.keeps_all:
            there = contract.checkpoints(trial_folder)
            for epoch in replaced(there, best):
                shutil.rmtree(there[epoch], ignore_errors=True)
