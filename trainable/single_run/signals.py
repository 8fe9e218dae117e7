"""SIGINT and SIGTERM: the first stops the training at once, but never amid a record; the second ends the process."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(Exception):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_status = 128 + number


class Interruption:
    """Raises Stopped in the main thread wherever it is, and after the block that `held` guards."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._is_held = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._number is not None:
            os._exit(128 + number)
        self._number = number
        if not self._is_held:
            raise Stopped(number)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What runs within is finished before the signal takes effect."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._number is not None:
            raise Stopped(self._number)


@contextmanager
def stop_on_signals() -> Iterator[Interruption]:
    """Within the block the first SIGINT or SIGTERM raises Stopped."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption._handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
