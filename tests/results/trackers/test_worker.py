"""The thread that does what may have to wait."""

import threading

from results.trackers.worker import Worker


def test_calls_are_done_in_their_order_and_nobody_waits_but_who_finishes() -> None:
    done: list[int] = []
    gate = threading.Event()
    worker = Worker("test")
    worker.do(gate.wait)
    for number in range(3):
        worker.do(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == []
    assert not worker.finish(timeout_s=0.01)
    gate.set()
    assert worker.finish(timeout_s=60)
    assert done == [0, 1, 2]
    assert worker.failure is None


def test_the_first_failure_is_kept_and_nothing_is_done_after_it() -> None:
    done: list[int] = []
    worker = Worker("test")
    worker.do(lambda: done.append(1 // len(done)))
    worker.do(lambda: done.append(2))
    assert worker.finish(timeout_s=60)
    worker.do(lambda: done.append(3))
    assert isinstance(worker.failure, ZeroDivisionError)
    assert done == []
