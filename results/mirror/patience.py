"""A bad hour of a store costs lateness alone: what it refuses is tried again, and told once when it begins and ends."""

import threading
import time
from collections.abc import Callable

from trainable.contract import UserError

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0


class Patience:
    """Between a store and the threads that write to it."""

    def __init__(self, say: Callable[[str], object], now: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            say: called with a sentence when the store begins to refuse, and when it takes what is sent again.
        """
        self._say, self._now = say, now
        self._lock = threading.Lock()
        self._since: float | None = None
        self._refusals = 0
        self.refusal = ""
        """What it says at present; empty where it answers."""

    @property
    def wait_s(self) -> float:
        """How long to leave it alone."""
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (self._refusals - 1)) if self._refusals else 0.0

    def refused(self, error: UserError) -> None:
        with self._lock:
            is_first, self._refusals, self.refusal = self._since is None, self._refusals + 1, str(error)
            if is_first:
                self._since = self._now()
        if is_first:
            self._say(f"{error}. The sweep goes on; what its store lacks is sent as soon as it answers")

    def answered(self) -> None:
        with self._lock:
            since, self._since, self._refusals, self.refusal = self._since, None, 0, ""
        if since is not None:
            self._say(f"The store answers again, after {self._now() - since:.0f} s; what it lacks is being sent")
