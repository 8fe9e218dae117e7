"""The signals by which people, terminals, shells and schedulers ask a program to stop.

A status of 128 + n says that signal n stopped it.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
    signal.SIGXCPU,
)  # fmt: skip

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def stop_signals_handled(handler: Handler) -> Iterator[None]:
    """Within the block, have each of them call the handler. Beside the main thread no signal arrives.

    What is ignored stays so, as SIGHUP is under `nohup`; but SIGINT is taken from a shell's background job too, since
    whoever sends it to one by hand means it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGXCPU:
            signal.signal(number, signal.SIG_IGN)  # the kernel repeats it every second
        handler(number, frame)

    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    # None: code that is not Python's handles it
    taken = [n for n, was in before.items() if was is not None and (was != signal.SIG_IGN or n == signal.SIGINT)]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


@contextmanager
def stop_signals_held() -> Iterator[None]:
    """Within the block, each of them waits for its end; processes that are started there never receive one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
