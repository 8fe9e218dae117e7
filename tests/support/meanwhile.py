"""Acts in a thread while a command runs in that of the tests."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Act while the block runs; where that fails, the block's end does.

    What the block waits for has to come even if `act` fails.
    """
    with ThreadPoolExecutor(1) as beside:
        acting = beside.submit(act)
        yield
    acting.result()


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)
