"""Whatever asks a program to stop is heard."""

import signal
from collections.abc import Iterator

import pytest

from trainable.terminal.stop_signals import STOP_SIGNALS, stop_signals_handled


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Whoever runs the tests may ignore some of them, as `nohup` does."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number, was in before.items():
        if was == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, was in before.items():
        signal.signal(number, was)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_each_signal_is_heard_and_left_as_it_was_afterwards(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.getsignal(number)
    with stop_signals_handled(lambda number, frame: heard.append(number)):
        signal.raise_signal(number)
    assert heard == [number]
    assert signal.getsignal(number) == before


def test_under_nohup_a_hangup_stops_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard: list[int] = []
    try:
        with stop_signals_handled(lambda number, frame: heard.append(number)):
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert not heard


def test_the_limit_of_cpu_time_which_the_kernel_repeats_is_one_signal() -> None:
    heard: list[int] = []
    with stop_signals_handled(lambda number, frame: heard.append(number)):
        signal.raise_signal(signal.SIGXCPU)
        signal.raise_signal(signal.SIGXCPU)
    assert heard == [signal.SIGXCPU]
