"""Sends the checkpoints that lie in a folder of trials, from the machine on which they were made.

One thread: it looks, sends what is new, the newest of each trial first, and tries again what a store refuses. What has
been replaced before its turn came is never sent.
"""

import os
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from results.mirror.checkpoints import is_placeholder, send
from results.mirror.patience import Patience
from results.storage.errors import StorageError
from results.storage.store import Store
from trainable import contract
from trainable.system_errors import DiskError

SECONDS_BETWEEN_LOOKS = 2.0
AT_A_TIME = 4
_ASIDE = ".sending-"


class CheckpointSender:
    """Of a sweep's folder, or of one that holds the trials of one node."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        patience: Patience,
        there: Mapping[str, tuple[int, ...]],
        may_send: Callable[[], bool] = lambda: True,
        tell: Callable[[str], object] = lambda trial: None,
        removes_sent: bool = False,
    ) -> None:
        """
        Args:
            store: of the sweep.
            there: epochs whose checkpoints are whole in the store, by trial's folder.
            may_send: asked before each checkpoint.
            tell: called with the folder's name of a trial of which one has been sent.
            removes_sent: whether what has been sent is of no more use here.
        """
        self._removes_sent = removes_sent
        self._folder, self._store, self._patience = folder, store, patience
        self._may_send, self._tell = may_send, tell
        self._sent = {trial: set(epochs) for trial, epochs in there.items()}
        self._settled: dict[str, int] = {}
        """The time of a trial's folder when nothing was left to be sent of it."""
        self._torn: dict[Path, int] = {}
        """The bytes of checkpoints that were not whole: some are still being written."""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints to the store", daemon=True)

    def begin(self) -> None:
        for remains in self._folder.glob(f"{_ASIDE}*"):  # of a process that was killed
            shutil.rmtree(remains, ignore_errors=True)
        self._thread.start()

    def end(self) -> None:
        """Have it stop after what it is sending."""
        self._ends.set()
        self._thread.join()

    def waiting(self) -> list[Path]:
        """The checkpoints that are to be sent, the newest of each trial first."""
        unsent = [checkpoint for trial in self._trials() for checkpoint in self._unsent(trial)]
        return [checkpoint for checkpoint in unsent if not self._is_torn(checkpoint)]

    def send_all(self) -> None:
        """Send what is there now.

        Raises:
            StorageError, DiskError: it could not be sent.
        """
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            list(threads.map(self._send_of, self._trials()))

    def _run(self) -> None:
        while not self._ends.wait(self._patience.wait_s or SECONDS_BETWEEN_LOOKS):
            try:
                self.send_all()
            except (StorageError, DiskError) as error:
                self._patience.refused(error)

    def _trials(self) -> list[str]:
        """Those of whose folders something may be new: a checkpoint that comes or goes changes the folder's time."""
        found = []
        for entry in os.scandir(self._folder) if self._folder.is_dir() else ():
            if contract.trial_number(entry.name) is not None:
                changed_ns = os.stat(entry.path).st_mtime_ns
                if self._settled.get(entry.name) != changed_ns:
                    found.append(entry.name)
        return sorted(found)

    def _unsent(self, trial: str) -> list[Path]:
        sent = self._sent.setdefault(trial, set())
        there = contract.checkpoints(self._folder / trial)
        return [there[epoch] for epoch in sorted(there.keys() - sent, reverse=True) if not is_placeholder(there[epoch])]

    def _send_of(self, trial: str) -> None:
        folder = self._folder / trial
        changed_ns, is_settled = os.stat(folder).st_mtime_ns, True
        for checkpoint in self._unsent(trial):
            if self._ends.is_set() or not self._may_send():
                return
            aside, size = self._folder / f"{_ASIDE}{secrets.token_hex(6)}", _bytes(checkpoint)
            if self._is_torn(checkpoint):
                is_settled = False
            elif send(checkpoint, self._store.below(trial), aside):
                self._sent[trial].add(int(checkpoint.name.rpartition("_")[2]))
                self._patience.answered()
                self._tell(trial)
                if self._removes_sent:
                    shutil.rmtree(checkpoint, ignore_errors=True)
            else:
                self._torn[checkpoint], is_settled = size, False
        if is_settled:
            self._settled[trial] = changed_ns

    def _is_torn(self, checkpoint: Path) -> bool:
        return checkpoint in self._torn and self._torn[checkpoint] == _bytes(checkpoint)


def _bytes(folder: Path) -> int:
    """As they are now; what is removed meanwhile counts for nothing."""
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += os.stat(os.path.join(path, name)).st_size
    return size
