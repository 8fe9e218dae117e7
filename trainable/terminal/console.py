"""The console of every command: what it is given is text, letter by letter, and nothing in it moves a terminal."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from trainable.terminal.text import printable

DEFAULT_WIDTH = 80


class PlainConsole(Console):
    """Shows lines as they are, however long, and whatever a path, a name or a message has in it."""

    def __init__(self, file: TextIO | None = None, **options: Any) -> None:
        plain = {"highlight": False, "markup": False, "emoji": False}
        # The file by name, since rich (15.0) asks only such a one for its encoding, before it draws bars and boxes.
        super().__init__(file=file or sys.stdout, **{"soft_wrap": True, **options, **plain})
        if self.width < 1:  # COLUMNS=0, on which rich (15.0) shows nothing
            self.width = DEFAULT_WIDTH

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
