import io

import pytest

from trainable.terminal.console import PlainConsole


@pytest.mark.parametrize("columns", ["0", "1", "80", "wide"])
def test_whatever_width_is_said_what_is_printed_is_there(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    console = PlainConsole(io.StringIO())
    console.print("Best: trial 1, score 0.835")
    assert "Best: trial 1, score 0.835" in console.file.getvalue()  # type: ignore[attr-defined]
