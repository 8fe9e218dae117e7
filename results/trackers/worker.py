"""A thread that does what may have to wait, so that whoever asks for it need not."""

import queue
import threading
from collections.abc import Callable

Call = Callable[[], object]


class Worker:
    """Does calls in their order. The first one that fails is the last one done: its error is kept."""

    def __init__(self, name: str) -> None:
        self.failure: Exception | None = None
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, call: Call) -> None:
        """Have it done after those before it; dropped where one of them has failed."""
        if self.failure is None:
            self._calls.put(call)

    def finish(self, timeout_s: float) -> bool:
        """Take no more calls, and wait for those that are left; whether the thread has ended in that time.

        It may be asked again, to wait on.
        """
        self._calls.put(None)
        self._thread.join(timeout_s)
        return not self.is_busy

    @property
    def is_busy(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while call := self._calls.get():
            try:
                call()
            except Exception as error:  # the border of the thread: whoever asked looks at `failure`
                self.failure = error
                return
