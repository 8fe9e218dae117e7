"""Keeps the store's copy of a sweep's records up to date, by a thread: what changed is sent whole, within seconds.

An object store cannot append, so a trial's rows go as a whole file; of 1,000 trials, only what changed goes. The thread
also sees which checkpoints have come, wherever they were sent from, and deletes those that newer ones have replaced.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from results.mirror.checkpoints import delete, hold_place, in_store_of, is_placeholder
from results.mirror.contents import Turn, is_log, turn_of
from results.mirror.in_store_note import note_in_store
from results.mirror.ledger import Ledger
from results.mirror.patience import Patience
from results.mirror.retention import best_epoch, has_ended, superseded, wanted_epochs
from results.record.trial.log import read_rows
from results.storage.errors import StorageError
from results.storage.store import Entry, Store
from trainable import contract
from trainable.ranking import Objective, Row
from trainable.system_errors import DiskError

SECONDS_BETWEEN_LOOKS = 3.0
SECONDS_BETWEEN_HURRIED_LOOKS = 0.5
SECONDS_BETWEEN_VIEWS = 60.0
AT_A_TIME = 16
SENT_IN_ORDER = (*(turn for turn in Turn if turn is not Turn.VIEW), Turn.VIEW)


class Records:
    """Of one sweep: its folder is the truth, and its store follows."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        patience: Patience,
        objective: Objective,
        keeps_all: bool,
        may_send: Callable[[], bool],
    ) -> None:
        """
        Args:
            keeps_all: whether no checkpoint is replaced by newer ones.
            may_send: asked before anything is: whether this process still drives the sweep.
        """
        self._folder, self._store, self._patience = folder, store, patience
        self._objective, self._keeps_all, self._may_send = objective, keeps_all, may_send
        self._ledger = Ledger(folder)
        self._num_rows: dict[str, int] = {}
        """How many rows of a trial the store has, of those whose rows or checkpoints were sent."""
        self._lacking: dict[str, set[int]] = {}
        """Of these trials the epochs whose checkpoints are to be in the store, and are not yet."""
        self._awaited: set[str] = set()
        """Trials of which the store has checkpoints to come or to go."""
        self._views_sent_at = 0.0
        self.has_looked_everywhere = False
        """Whether, since it hurries, every file has been looked at and what had changed been sent."""
        self._hurries = threading.Event()
        self._ends = threading.Event()
        self._wakes = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records to the store", daemon=True)

    def begin(self, there: Mapping[str, Entry], with_remains: Iterable[str]) -> None:
        """
        Args:
            there: what the store holds, by key.
            with_remains: folders of trials of which checkpoints are there that have been replaced.
        """
        for trial in with_remains:
            self.expect(trial)
        self._ledger.begin(there)
        self._ledger.look(everywhere=True)
        self._thread.start()

    def expect(self, trial: str) -> None:
        """A checkpoint of a trial has been sent."""
        if trial not in self._num_rows:
            self._num_rows[trial] = len(read_rows(self._folder / trial))
        self._awaited.add(trial)

    def hurry(self) -> None:
        """Have it look everywhere and send the views, too, from now on: the sweep is at its end."""
        self._awaited.update(self._num_rows)
        self.has_looked_everywhere = False
        self._hurries.set()
        self._wakes.set()

    def end(self) -> None:
        self._ends.set()
        self._wakes.set()
        self._thread.join()

    @property
    def files_lacking(self) -> int:
        """How many files the store has not, or not as they are, as far as that is known."""
        return len(self._ledger.pending) + len(self._ledger.gone)

    @property
    def checkpoints_lacking(self) -> int:
        """How many checkpoints are to be in the store, and are not yet, as far as that is known."""
        return sum(map(len, list(self._lacking.values())))

    def follow(self, everywhere: bool = False, with_views: bool = False) -> None:
        """Send what has changed, and look after the checkpoints of trials that go on.

        Raises:
            StorageError, DiskError: not all could be sent.
        """
        if not (self._folder / contract.SWEEP_FILE).exists():
            raise DiskError(f"{self._folder} is gone: what its store holds stays as it is; restore the folder")
        self._ledger.look(everywhere)
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            for turn in SENT_IN_ORDER:
                if turn is not Turn.VIEW or with_views:
                    list(threads.map(self._send, [key for key in self._ledger.pending if turn_of(key) is turn]))
            list(threads.map(self._delete, list(self._ledger.gone)))
            list(threads.map(self._look_after, list(self._awaited)))

    def _run(self) -> None:
        while not self._ends.is_set() and self._may_send():
            pause_s = SECONDS_BETWEEN_HURRIED_LOOKS if self._hurries.is_set() else SECONDS_BETWEEN_LOOKS
            self._wakes.wait(self._patience.wait_s or pause_s)
            self._wakes.clear()
            hurries = self._hurries.is_set()
            shows = hurries or time.monotonic() - self._views_sent_at > SECONDS_BETWEEN_VIEWS
            try:
                self.follow(everywhere=hurries, with_views=shows)
            except (StorageError, DiskError) as error:
                self._patience.refused(error)
            else:
                self.has_looked_everywhere |= hurries
                self._views_sent_at = time.monotonic() if shows else self._views_sent_at

    def _send(self, key: str) -> None:
        stamp = self._ledger.pending.get(key)
        if stamp is None or not self._may_send():
            return
        try:
            content = (self._folder / key).read_bytes()
        except FileNotFoundError:  # the next look sees that
            return
        if is_log(key):
            content = content[: content.rfind(b"\n") + 1]
        self._store.put(key, content)
        self._patience.answered()
        self._ledger.note_sent(key, stamp)
        if turn_of(key) is Turn.ROWS:
            trial = key.partition("/")[0]
            self._num_rows[trial] = content.count(b"\n")
            self._awaited.add(trial)

    def _delete(self, key: str) -> None:
        if self._may_send():
            self._store.delete(key)
            self._ledger.note_deleted(key)

    def _look_after(self, trial: str) -> None:
        """See what has come of a trial's checkpoints; delete what was replaced, and tell the record of what is there.

        Of one whose last and best have come, nothing more is asked until further rows come, or checkpoints.
        """
        folder = self._folder / trial
        self._awaited.discard(trial)
        if not self._may_send() or not folder.is_dir():
            return
        try:
            self._look_at_checkpoints(self._store.below(trial), folder, read_rows(folder)[: self._num_rows[trial]])
        except StorageError:
            self._awaited.add(trial)
            raise

    def _look_at_checkpoints(self, store: Store, folder: Path, rows: Sequence[Row]) -> None:
        there = in_store_of(store)
        gone = superseded(there, len(rows), best_epoch(self._objective, rows, there), self._keeps_all)
        delete(gone, store, folder)
        there = there.without(gone)
        local = contract.checkpoints(folder)
        for epoch in there.sealed:
            if epoch in local and is_placeholder(local[epoch]):
                hold_place(store, folder, epoch)
        wanted = wanted_epochs(self._objective, rows)
        self._lacking[folder.name] = lacking = wanted.difference(there.sealed)
        if lacking:
            self._awaited.add(folder.name)
        elif wanted and has_ended(rows):
            note_in_store(folder, wanted)
