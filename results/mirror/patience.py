"""A bad hour of a store costs lateness alone: what it refuses is tried again, and told once when it begins and ends."""

import threading
import time
from collections.abc import Callable

from trainable.contract import UserError

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
PART_OF_THE_TIME_GONE = 0.25
"""A store that was away for a minute is asked again after a quarter of one at most."""
SECONDS_TO_SETTLE = 15.0
"""A server that comes back takes some requests before it takes all, and what was asked before is refused that late."""


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
        self._refused_at = 0.0
        self.refusal = ""
        """What it says at present; empty where it answers."""

    @property
    def wait_s(self) -> float:
        """How long to leave it alone."""
        if self._since is None:
            return 0.0
        return min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, (self._refused_at - self._since) * PART_OF_THE_TIME_GONE))

    def refused(self, error: UserError) -> None:
        with self._lock:
            self._refused_at, self.refusal = self._now(), str(error)
            if is_first := self._since is None:
                self._since = self._refused_at
        if is_first:
            self._say(f"{error}. The sweep goes on; what its store lacks is sent as soon as it answers")

    def answered(self) -> None:
        with self._lock:
            if self._since is None or (now := self._now()) - self._refused_at < SECONDS_TO_SETTLE:
                return
            lasted_s, self._since, self.refusal = now - self._since, None, ""
        self._say(f"The store answers again, after {lasted_s:.0f} s; what it lacks is being sent")
