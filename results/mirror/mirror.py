"""A sweep's folder kept in a store while the sweep runs: its records, its checkpoints, and who may write them."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from results.mirror.checkpoint_sender import CheckpointSender
from results.mirror.ownership import Driver, Ownership
from results.mirror.patience import Patience
from results.mirror.records import Records
from results.mirror.retention import InStore
from results.storage.errors import StorageError
from results.storage.store import Entry, Store
from trainable.ranking import Objective

SECONDS_BETWEEN_WORDS = 60.0


class Mirror:
    """Three threads: for records, for checkpoints that were made here, and to show that this process lives."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        ownership: Ownership,
        objective: Objective,
        keeps_all: bool,
        say: Callable[[str], object],
    ) -> None:
        """
        Args:
            folder: of the sweep.
            store: of the sweep.
            ownership: taken.
            objective: what trials are ranked by.
            keeps_all: whether every checkpoint stays.
        """
        self.store = store
        self._folder, self._ownership, self._say = folder, ownership, say
        self._patience = Patience(say)
        self._records = Records(folder, store, self._patience, objective, keeps_all, self._may_send)
        self._sender: CheckpointSender | None = None

    @property
    def taken_by(self) -> Driver | None:
        """Who drives the sweep now, where another has taken it over."""
        return self._ownership.taken_by

    def begin(self, there: Mapping[str, Entry], sealed: Mapping[str, InStore]) -> None:
        """
        Args:
            there: what the store holds, by key.
            sealed: which checkpoints are among that, by trial's folder.
        """
        whole = {trial: in_store.sealed for trial, in_store in sealed.items()}
        self._sender = CheckpointSender(
            self._folder, self.store, self._patience, whole, self._may_send, self._records.expect
        )
        self._ownership.begin(self._patience)
        self._records.begin(there)
        self._sender.begin()

    def wait_until_whole(
        self, limit_s: float, is_interrupted: Callable[[], bool], elsewhere: Callable[[], int] = lambda: 0
    ) -> str:
        """Wait until the store holds all that the folder does; what it lacks, in words, where it does not come to that.

        Args:
            is_interrupted: whether to wait no longer.
            elsewhere: how many checkpoints other machines have still to send.
        """
        self._records.hurry()
        began = said_at = time.monotonic()
        waits_elsewhere = elsewhere()
        while (lacking := self._lacking(waits_elsewhere)) and not self.taken_by:
            now = time.monotonic()
            if now - began > limit_s or is_interrupted():
                return lacking
            if now - said_at > (2.0 if said_at == began else SECONDS_BETWEEN_WORDS):
                self._say(f"Waits until {self.store.address} holds everything; it lacks {lacking}")
                said_at = now
            if not (self._records.files_lacking or self._here() or waits_elsewhere) and now - began > 5.0:
                return lacking  # nobody is left who could send it
            time.sleep(0.1)
            waits_elsewhere = elsewhere()
        return ""

    def end(self) -> None:
        """Have its threads end, and another process drive."""
        if self._sender:
            self._sender.end()
            self._records.end()
        try:
            self._ownership.end()
        except StorageError as error:
            self._patience.refused(error)

    def _may_send(self) -> bool:
        return self.taken_by is None

    def _here(self) -> int:
        return len(self._sender.waiting()) if self._sender else 0

    def _lacking(self, elsewhere: int) -> str:
        files, lost = self._records.files_lacking, self._records.checkpoints_lacking
        waiting = max(self._here() + elsewhere, len(lost))
        if not (files or waiting) and self._records.has_looked_everywhere:
            return ""
        parts = [_counted(files, "file"), _counted(waiting, "checkpoint")]
        return " and ".join(filter(None, parts)) or "nothing that is known yet"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""
