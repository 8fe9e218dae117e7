"""Who drives a sweep that is kept in a store: at most one process, wherever it runs.

A store has no locks that its process would lose as it dies. So the one that drives writes its name there, and a number
that grows (it *beats*); another waits until that has stood still for so long that nobody can be alive behind it. One
that was cut off from the store meanwhile finds the other's name there, and ends.
"""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from results.files.atomic_write import write_atomically
from results.mirror.contents import DRIVER_FILE, LAST_RUN_FILE
from results.mirror.patience import Patience
from results.storage.errors import Missing, StorageError
from results.storage.store import Store
from trainable.contract import UserError
from trainable.system_errors import reading

SECONDS_BETWEEN_BEATS = 10.0
SECONDS_WITHOUT_A_BEAT = 40.0


@dataclass(frozen=True)
class Driver:
    """What the store holds of it."""

    run: str
    """Random, for each run of the command."""
    host: str
    process: int
    processes: str = ""
    """Which processes its number is one of: those of a machine since it was started, or of a container on it."""
    beat: int = 0
    ended: bool = False

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"

    @property
    def is_dead(self) -> bool:
        """Whether it has ended, as far as this machine can tell."""
        is_known_here = bool(self.processes) and self.processes == _processes_here()
        is_gone = self.process == os.getpid() or not Path(f"/proc/{self.process}").exists()
        return self.ended or (is_known_here and is_gone)


def _processes_here() -> str:
    """Empty where the system does not tell (it is no Linux): a host's name may be that of many."""
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{started} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


class Ownership:
    """This process's right to write to the store of one sweep."""

    def __init__(self, store: Store, sweep: str) -> None:
        self._store, self._sweep = store, sweep
        self._me = Driver(secrets.token_hex(6), socket.gethostname(), os.getpid(), _processes_here())
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None
        self.taken_by: Driver | None = None
        """Who drives it now, where another has taken it over."""
        self.before: Driver | None = None
        """Who drove it last, before this."""

    @property
    def run(self) -> str:
        return self._me.run

    def take(self, say: Callable[[str], object], seconds: float = SECONDS_WITHOUT_A_BEAT) -> None:
        """Make this process the one that drives.

        Args:
            say: called with a sentence before it waits.
            seconds: for how long another has to be silent to be taken for dead.

        Raises:
            UserError: another process drives it.
            StorageError: the store does not answer.
        """
        self.before = self.require_idle(say, seconds)
        self._write(self._me)

    def require_idle(self, say: Callable[[str], object], seconds: float = SECONDS_WITHOUT_A_BEAT) -> Driver | None:
        """Refuse to go on where a process drives the sweep; who drove it last.

        Args:
            say: called with a sentence before it waits.
            seconds: for how long another has to be silent to be taken for dead.

        Raises:
            UserError: another process drives it.
            StorageError: the store does not answer.
        """
        found = self._read()
        if found and not found.is_dead:
            say(f"Sweep {self._sweep} was driven by {found}; waits {seconds:.0f} s to see whether that is still alive")
            self._require_silent(found, seconds)
        return found

    def _require_silent(self, driver: Driver, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (now := self._read()) == driver and time.monotonic() < deadline:
            time.sleep(min(1.0, seconds / 10))
        if now and now != driver and not now.ended:
            raise UserError(
                f"sweep {self._sweep} at {self._store.address}: {now} is running it; wait for it or stop it first"
            )

    def begin(self, patience: Patience, on_loss: Callable[[Driver], object]) -> None:
        """Beat from now on.

        Args:
            on_loss: called, once, from a thread, where another process is found to drive.
        """
        beating = threading.Thread(target=self._beat, args=(patience, on_loss), name="driver's beat", daemon=True)
        self._thread = beating
        beating.start()

    def end(self) -> None:
        """Let another drive.

        Raises:
            StorageError: the store does not answer; others will wait then.
        """
        self._ends.set()
        if self._thread:
            self._thread.join()
        if not self.taken_by:
            self._write(replace(self._me, ended=True))

    def _beat(self, patience: Patience, on_loss: Callable[[Driver], object]) -> None:
        while not self._ends.wait(SECONDS_BETWEEN_BEATS):
            try:
                self.look()
            except StorageError as error:
                patience.refused(error)
            if self.taken_by:
                on_loss(self.taken_by)
                return

    def look(self) -> None:
        """See whether this process still drives, and tell the store so.

        Raises:
            StorageError: it does not answer.
        """
        found = self._read()
        if found and found.run != self._me.run:
            self.taken_by = found
            return
        self._me = replace(self._me, beat=self._me.beat + 1)
        self._write(self._me)

    def _read(self) -> Driver | None:
        try:
            content: dict[str, Any] = json.loads(self._store.get(DRIVER_FILE))
            return Driver(**content)
        except Missing:
            return None
        except (ValueError, TypeError):
            file = self._store.at(DRIVER_FILE)
            raise UserError(f"{file}: not readable; remove it, if nobody runs that sweep") from None

    def _write(self, driver: Driver) -> None:
        self._store.put(DRIVER_FILE, json.dumps(asdict(driver)).encode())


def runs_here(folder: Path) -> list[str]:
    """Which runs of the command have driven the sweep from this folder: the last, and one that may have begun to."""
    file = folder / LAST_RUN_FILE
    with reading(file):
        return file.read_text(encoding="utf-8").split() if file.exists() else []


def note_runs_here(folder: Path, *runs: str) -> None:
    """On the disk before the store hears of the run: else it would seem to be another machine's after a crash."""
    write_atomically(folder / LAST_RUN_FILE, "\n".join(runs))
