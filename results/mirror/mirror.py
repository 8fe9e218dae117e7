"""A sweep's folder kept in a store while the sweep runs: its records and its checkpoints follow."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from results.mirror.arrival import Agreed
from results.mirror.checkpoint_sender import CheckpointSender
from results.mirror.patience import Patience
from results.mirror.records import Records
from results.storage.store import Entry, Store
from trainable.ranking import Objective

SECONDS_BEFORE_WORDS = 2.0
SECONDS_BETWEEN_WORDS = 60.0
SECONDS_TO_APPEAR = 5.0
"""For what has been sent to be seen."""


class Mirror:
    """Two threads: one for records, one for checkpoints that were made here."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        patience: Patience,
        objective: Objective,
        keeps_all: bool,
        may_send: Callable[[], bool],
        agreed: Mapping[str, Agreed],
    ) -> None:
        """
        Args:
            folder: of the sweep.
            store: of the sweep.
            objective: what trials are ranked by.
            keeps_all: whether every checkpoint stays.
            may_send: whether this process still drives the sweep.
            agreed: which checkpoints the store holds, by trial's folder.
        """
        self._store, self._may_send = store, may_send
        self._records = Records(folder, store, patience, objective, keeps_all, may_send)
        whole = {trial: one.there.sealed for trial, one in agreed.items()}
        self._with_remains = [trial for trial, one in agreed.items() if one.has_remains]
        self._sender = CheckpointSender(folder, store, patience, whole, may_send, self._records.expect)

    def begin(self, there: Mapping[str, Entry]) -> None:
        """
        Args:
            there: what the store holds, by key.
        """
        self._records.begin(there, self._with_remains)
        self._sender.begin()

    def end(self) -> None:
        self._sender.end()
        self._records.end()

    def wait_until_whole(
        self,
        limit_s: float,
        is_interrupted: Callable[[], bool],
        elsewhere: Callable[[], int],
        say: Callable[[str], object],
    ) -> str:
        """Wait until the store holds all that the folder does; in words what it lacks where it does not come to that.

        Args:
            is_interrupted: whether to wait no longer.
            elsewhere: how many checkpoints other machines have still to send.
            say: called with a sentence when that takes a while.
        """
        self._records.hurry()
        began = time.monotonic()
        says_at = began + SECONDS_BEFORE_WORDS
        while self._may_send():
            on_other_machines, now = elsewhere(), time.monotonic()
            if not (lacking := self._lacking(on_other_machines)):
                return ""
            is_coming = self._records.files_lacking or self._sender.waiting() or on_other_machines
            is_lost = not is_coming and now - began > SECONDS_TO_APPEAR
            if now - began > limit_s or is_interrupted() or is_lost:
                return lacking
            if now > says_at:
                say(f"Waits until {self._store.address} holds everything; it lacks {lacking}")
                says_at = now + SECONDS_BETWEEN_WORDS
            time.sleep(0.1)
        return ""

    def _lacking(self, on_other_machines: int) -> str:
        files = self._records.files_lacking
        checkpoints = max(len(self._sender.waiting()) + on_other_machines, self._records.checkpoints_lacking)
        if not (files or checkpoints):
            return "" if self._records.has_looked_everywhere else "what has changed last"
        return " and ".join(filter(None, [_counted(files, "file"), _counted(checkpoints, "checkpoint")]))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""
