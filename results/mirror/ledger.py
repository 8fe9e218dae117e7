"""What a folder holds that its mirror does not, by the size and time of its files.

A trial's folder is looked into where it, or its result.json, has changed.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from results.mirror.contents import turn_of
from results.storage.store import Entry
from trainable import contract

SKEW_NS = 3600 * 10**9
"""By how much the clocks of the store and of this machine may differ, at most."""


@dataclass(frozen=True)
class Stamp:
    """What changes with a file's content."""

    size: int
    changed_ns: int


_NEVER_SENT = Stamp(-1, 0)


class Ledger:
    """What has been sent of a sweep's folder, and what has changed or gone since it was looked at last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: dict[str, dict[str, Stamp]] = {}
        """By the folder of a trial, or '' for the sweep's own, and key."""
        self._seen: dict[str, tuple[int, int, int]] = {}
        """How a trial's folder, and its rows, were when it was looked into."""
        self.pending: dict[str, Stamp] = {}
        """What is to be sent, and how it was when that was seen."""
        self.gone: set[str] = set()
        """What the store has and the folder has not."""

    def begin(self, there: Mapping[str, Entry]) -> None:
        """Take in what the store holds already.

        A file stands for an object of its size that it was fetched from, or that was written well after it.
        """
        for key, entry in there.items():
            stamp = _stamp(self._folder / key)
            # Where W&B's pages are, whoever sends a sweep there from its store may have noted in there alone.
            if turn_of(key) is None or (key == contract.WANDB_PAGES_FILE and stamp is None):
                continue
            is_same = stamp is not None and _stands_for(stamp, entry)
            self._sent.setdefault(_group(key), {})[key] = stamp if stamp and is_same else _NEVER_SENT

    def look(self, everywhere: bool = False) -> None:
        """See what has changed.

        Args:
            everywhere: also in trials whose rows and names of files are as they were.
        """
        groups = dict(self._groups_to_look_into(everywhere))
        for group, stamps in groups.items():
            sent = self._sent.setdefault(group, {})
            for key, stamp in stamps.items():
                self.gone.discard(key)
                if sent.get(key) == stamp:
                    self.pending.pop(key, None)
                else:
                    self.pending[key] = stamp
            for key in sent.keys() - stamps.keys():
                self.gone.add(key)
                self.pending.pop(key, None)

    def note_sent(self, key: str, stamp: Stamp) -> None:
        """The store has a file as it was then."""
        self._sent.setdefault(_group(key), {})[key] = stamp
        if self.pending.get(key) == stamp:
            del self.pending[key]

    def note_deleted(self, key: str) -> None:
        self.gone.discard(key)
        self._sent.get(_group(key), {}).pop(key, None)

    def _groups_to_look_into(self, everywhere: bool) -> Iterator[tuple[str, dict[str, Stamp]]]:
        own: dict[str, Stamp] = {}
        trials = set()
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if contract.trial_number(entry.name) is not None:
                    trials.add(entry.name)
                elif turn_of(entry.name) is not None and entry.is_file() and (stamp := _stamp(Path(entry.path))):
                    own[entry.name] = stamp
        yield "", own
        for trial in trials:
            if (now := _look_of(f"{self._folder}/{trial}")) and (everywhere or self._seen.get(trial) != now):
                self._seen[trial] = now
                yield trial, self._of_trial(self._folder / trial)
        for trial in self._sent.keys() - trials - {""}:
            if self._sent[trial]:
                self._seen.pop(trial, None)
                yield trial, {}

    def _of_trial(self, folder: Path) -> dict[str, Stamp]:
        with os.scandir(folder) as entries:
            keys = [f"{folder.name}/{entry.name}" for entry in entries if entry.is_file()]
        stamps = ((key, _stamp(self._folder / key)) for key in keys if turn_of(key) is not None)
        return {key: stamp for key, stamp in stamps if stamp}


def _stands_for(stamp: Stamp, entry: Entry) -> bool:
    is_older = stamp.changed_ns == entry.changed_ns or stamp.changed_ns + SKEW_NS < entry.changed_ns
    return stamp.size == entry.size and bool(entry.changed_ns) and is_older


def _group(key: str) -> str:
    return key.rpartition("/")[0]


def _look_of(trial_folder: str) -> tuple[int, int, int] | None:
    """What changes with the names of a trial's files, or with its rows; None where there is no such folder."""
    try:
        of_folder = os.stat(trial_folder).st_mtime_ns
    except FileNotFoundError:
        return None
    try:
        rows = os.stat(f"{trial_folder}/{contract.RESULT_FILE}")
    except FileNotFoundError:
        return of_folder, -1, 0
    return of_folder, rows.st_size, rows.st_mtime_ns


def _stamp(file: Path) -> Stamp | None:
    """None where there is no such file."""
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns)
