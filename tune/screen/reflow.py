"""A terminal that was made narrower has wrapped the lines of the last drawing: the cursor is further below its top.

Rich (15.0) goes up by the lines it drew; this goes up by those that wrapping added.
"""

import math

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import ControlType, Segment


class Reflow:
    """Remembers how wide each line of the last drawing was."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._line_widths: list[int] = []
        self._width = console.width

    def before_drawing(self, drawing: RenderableType) -> None:
        """To be called with what is drawn next, before it is."""
        width = self._console.width
        if width < self._width:
            added = sum(max(0, math.ceil(line / width) - 1) for line in self._line_widths)
            self._console.control(Control(*[(ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1)] * added))
        self._width = width
        lines = self._console.render_lines(drawing, pad=False)
        self._line_widths = [Segment.get_line_length(line) for line in lines]
