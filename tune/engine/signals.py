"""SIGINT and SIGTERM: the first asks the sweep to stop, the second ends the process at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Which signal, if any, asked the sweep to stop."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    @property
    def exit_status(self) -> int:
        assert self.signal
        return 128 + self.signal

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            os._exit(128 + number)
        self.signal = signal.Signals(number)
        # Ray stops its loop on SIGUSR1 (it would on SIGINT too, but knows nothing of SIGTERM).
        os.kill(os.getpid(), signal.SIGUSR1)

    def _end_before_the_fit(self, number: int, frame: FrameType | None) -> None:
        """SIGUSR1 until Ray takes it over: nothing runs yet that would have to be stopped in order.

        An exception could be raised amid Ray's compiled code, which aborts the process.
        """
        if self.signal:
            print(f"Stopped by {self.signal.name} before the first trial; --resume goes on", flush=True)
            os._exit(self.exit_status)

    def await_fit(self) -> None:
        """Until the coming `Tuner.fit` takes SIGUSR1 over, it ends the process."""
        if _is_main_thread():
            signal.signal(signal.SIGUSR1, self._end_before_the_fit)


@contextmanager
def stop_on_signals() -> Iterator[Interruption]:
    """Within the block, the first SIGINT or SIGTERM ends a `Tuner.fit` in order.

    To be entered after `ray.init`, which takes SIGTERM for itself. Beside the main thread no signal arrives.
    """
    interruption = Interruption()
    if not _is_main_thread():
        yield interruption
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    interruption.await_fit()
    signal.signal(signal.SIGINT, interruption._handle)
    signal.signal(signal.SIGTERM, interruption._handle)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
