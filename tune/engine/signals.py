"""Signals: the first asks the sweep to stop, the second ends the process at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ray.tune import Callback

from trainable.terminal.stop_signals import Handler, stop_signals_handled


class Interruption(Callback):
    """Which signal, if any, asked the sweep to stop; as a callback of Ray's, it ends the fit then."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.resume_command = ""
        """What goes on with the sweep, once it is on disk."""
        self._act: Handler = self._exit_before_the_fit

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks."""
        return {}

    @property
    def exit_status(self) -> int:
        assert self.signal
        return 128 + self.signal

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """What Python's `signal` calls."""
        if self.signal:
            os._exit(128 + number)
        self.signal = signal.Signals(number)
        self._act(number, frame)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """What is written in the block is whole before a signal takes effect."""
        self._act = lambda number, frame: None
        yield
        self._act = self._exit_before_the_fit
        if self.signal:
            self._act(self.signal, None)

    @contextmanager
    def keeps_sigterm(self) -> Iterator[None]:
        """Around `ray.init`, which makes SIGTERM a SystemExit."""
        before = signal.getsignal(signal.SIGTERM)
        try:
            yield
        except SystemExit:
            self._handle(signal.SIGTERM, None)
        finally:
            if _is_main_thread():
                signal.signal(signal.SIGTERM, before)

    def setup(self, **info: Any) -> None:
        """Take SIGUSR1 back: `Tuner.fit` has just made it the signal that ends the fit in order (tune.run, ray 2.60).

        Ray's handler is called for every signal then, and ends the loop within a moment.
        """
        if not _is_main_thread():
            return
        end_fit = signal.getsignal(signal.SIGUSR1)
        assert callable(end_fit)
        signal.signal(signal.SIGUSR1, self._handle)
        self._act = end_fit
        if self.signal:
            end_fit(self.signal, None)

    def _exit_before_the_fit(self, number: int, frame: FrameType | None) -> None:
        """Nothing runs yet that would have to be stopped in order.

        An exception could be raised amid Ray's compiled code, which aborts the process.
        """
        go_on = f"; go on with: {self.resume_command}" if self.resume_command else ""
        print(f"Stopped by {signal.Signals(number).name} before a trial began{go_on}", flush=True)
        os._exit(128 + number)


@contextmanager
def stop_on_signals() -> Iterator[Interruption]:
    """Within the block, the first signal ends a `Tuner.fit` in order, and the process where none runs yet."""
    interruption = Interruption()
    with stop_signals_handled(interruption._handle):
        yield interruption


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
