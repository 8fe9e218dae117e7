"""Signals: the first stops the training at once, but never amid a record; the second ends the process."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from trainable.terminal.stop_signals import stop_signals_handled


class Stopped(Exception):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_status = 128 + number


class StopSignals:
    """Raises Stopped in the main thread wherever it is, but for an `uninterrupted` block only after it."""

    def __init__(self) -> None:
        self._received: int | None = None
        self._may_raise = True

    def handle(self, number: int, frame: FrameType | None) -> None:
        """What Python's `signal` calls."""
        if self._received is not None:
            os._exit(128 + number)
        self._received = number
        if self._may_raise:
            raise Stopped(number)

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """What runs within is finished before a signal takes effect."""
        self._may_raise = False
        try:
            yield
        finally:
            self._may_raise = True
        if self._received is not None:
            raise Stopped(self._received)


@contextmanager
def stop_on_signals() -> Iterator[StopSignals]:
    """Within the block the first signal raises Stopped."""
    signals = StopSignals()
    with stop_signals_handled(signals.handle):
        yield signals
