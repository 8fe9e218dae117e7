"""Keeps the store's copy of a sweep's records up to date, by a thread: what changed is sent whole, within seconds.

An object store cannot append, so a trial's rows go as a whole file; of 1,000 trials, only what changed goes. The thread
also sees which checkpoints have come, wherever they were sent from, and deletes those that newer ones have replaced.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from results.mirror.checkpoints import delete, hold_place, in_store_of, is_placeholder
from results.mirror.contents import Turn, is_log, turn_of
from results.mirror.in_store_note import note_in_store
from results.mirror.ledger import Ledger
from results.mirror.patience import Patience
from results.mirror.retention import InStore, superseded
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


@dataclass(frozen=True)
class _Standing:
    """A trial, as far as its rows are in the store."""

    num_rows: int
    newest_saved: int
    """The last epoch that was saved."""
    has_ended: bool
    """For good, or for now."""


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
        self._standing: dict[str, _Standing] = {}
        self._seen: dict[str, InStore] = {}
        self._awaited: set[str] = set()
        """Trials of which the store has checkpoints to come or to go."""
        self._views_sent_at = 0.0
        self.has_looked_everywhere = False
        """Whether, since it hurries, every file has been looked at and what had changed been sent."""
        self._hurries = threading.Event()
        self._ends = threading.Event()
        self._wakes = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records to the store", daemon=True)

    def begin(self, there: Mapping[str, Entry]) -> None:
        """
        Args:
            there: what the store holds, by key.
        """
        self._ledger.begin(there)
        self._ledger.look(everywhere=True)
        self._thread.start()

    def expect(self, trial: str) -> None:
        """A checkpoint of a trial has been sent."""
        if trial not in self._standing and (file := self._folder / trial / contract.RESULT_FILE).exists():
            self._standing[trial] = _standing(file.read_bytes())
        self._awaited.add(trial)

    def hurry(self) -> None:
        """Have it look everywhere and send the views, too, from now on: the sweep is at its end."""
        self._awaited.update(self._standing)
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
    def checkpoints_lacking(self) -> dict[str, int]:
        """The trials whose last checkpoint is not in the store yet, and its epoch."""
        return {
            trial: standing.newest_saved
            for trial, standing in list(self._standing.items())
            if standing.newest_saved not in (0, *self._seen.get(trial, InStore()).sealed)
        }

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
            list(threads.map(self._look_after, [trial for trial in self._standing if trial in self._awaited]))

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
            self._standing[trial] = _standing(content)
            self._awaited.add(trial)

    def _delete(self, key: str) -> None:
        if self._may_send():
            self._store.delete(key)
            self._ledger.note_deleted(key)

    def _look_after(self, trial: str) -> None:
        """See what has come of a trial's checkpoints; delete what was replaced, tell the record of what is there.

        Of one whose last has come, nothing more is asked until further rows come, or checkpoints.
        """
        standing, folder = self._standing[trial], self._folder / trial
        self._awaited.discard(trial)
        if not self._may_send() or not folder.is_dir():
            return
        try:
            self._look_at_checkpoints(self._store.below(trial), folder, standing)
        except StorageError:
            self._awaited.add(trial)
            raise

    def _look_at_checkpoints(self, store: Store, folder: Path, standing: _Standing) -> None:
        there = in_store_of(store)
        gone = superseded(there, standing.num_rows, self._best_of(there, folder, standing), self._keeps_all)
        delete(gone, store, folder)
        there = self._seen[folder.name] = there.without(gone)
        local = contract.checkpoints(folder)
        for epoch in there.sealed:
            if epoch in local and is_placeholder(local[epoch]):
                hold_place(store, folder, epoch)
        if standing.newest_saved in (0, *there.sealed):
            if standing.has_ended and standing.newest_saved:
                note_in_store(folder, standing.newest_saved)
        else:
            self._awaited.add(folder.name)

    def _best_of(self, there: InStore, folder: Path, standing: _Standing) -> int | None:
        rows = read_rows(folder)[: standing.num_rows]
        best = self._objective.best_row([row for row in rows if row[contract.EPOCH] in there.sealed])
        return best[contract.EPOCH] if best else None


def _standing(content: bytes) -> _Standing:
    """Of the rows that were sent."""
    lines = content.splitlines()
    newest_saved = 0
    for epoch in range(len(lines), 0, -1):
        if json.loads(lines[epoch - 1]).get(contract.CHECKPOINTED):
            newest_saved = epoch
            break
    last: Row = json.loads(lines[-1]) if lines else {}
    return _Standing(len(lines), newest_saved, bool(last.get("done")) or contract.PAUSED in last)
