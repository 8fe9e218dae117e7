"""How far a long piece of work is, on a terminal and elsewhere."""

import sys
from pathlib import Path

import pytest
from terminal import Terminal

from trainable.terminal.progress import duration, progress

ROOT = Path(__file__).resolve().parents[3]


def test_without_a_terminal_there_are_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 20.0, 120.0])
    monkeypatch.setattr("trainable.terminal.progress.time.monotonic", lambda: next(clock))
    with progress("measuring", "cells", total=1200, completed=200) as advance:
        advance(400)
        advance(600)
    assert capsys.readouterr().err == "measuring: 200 of 1,200 cells\nmeasuring: all 1,200 cells in 2 min\n"


def test_lines_come_now_and_then_with_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 20.0, 40.0])  # 30 cells in 40 s, so 67 s for the other 50
    monkeypatch.setattr("trainable.terminal.progress.time.monotonic", lambda: next(clock))
    with progress("measuring", "cells", total=100, completed=20) as advance:
        advance(10)
        advance(20)
    assert capsys.readouterr().err.splitlines()[1:] == ["measuring: 50 of 100 cells, 67 s left"]


def test_on_a_terminal_there_is_a_bar() -> None:
    script = (
        "import time; from trainable.terminal.progress import progress\n"
        "with progress('measuring', 'cells', 8) as advance:\n"
        "    for _ in range(8): time.sleep(0.05); advance(1)\n"
    )
    terminal = Terminal([sys.executable, "-c", script], {"PYTHONPATH": str(ROOT)}, columns=80, lines=5)
    terminal.process.wait(60)
    (line,) = terminal.watch()
    assert line.startswith("measuring ")
    assert "8/8 cells" in line


@pytest.mark.parametrize(("seconds", "said"), [(9.6, "10 s"), (150, "2 min"), (10_000, "2.8 h")])
def test_a_duration_is_said_in_its_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said
