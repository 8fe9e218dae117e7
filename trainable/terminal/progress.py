"""How far a long piece of work is: a bar with the time left on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trainable.terminal.console import PlainConsole

SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress(what: str, unit: str, total: int, completed: int = 0) -> Iterator[Callable[[int], None]]:
    """Show on stderr how far the block is, which says with what this gives how much more it has done.

    Args:
        what: is done, as "measuring". unit: of the numbers, as "cells".
        completed: of the total, before the block.
    """
    console = PlainConsole(sys.stderr)
    if not console.is_terminal:
        yield _lines(console, what, unit, total, completed)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), unit, TimeRemainingColumn())
    # The time left is that of the last minutes, since what is done later may be slower.
    with Progress(*columns, console=console, speed_estimate_period=300) as bar:
        task = bar.add_task(what, total=total, completed=completed)
        yield lambda done: bar.update(task, advance=done)


def _lines(console: PlainConsole, what: str, unit: str, total: int, completed: int) -> Callable[[int], None]:
    began = said = time.monotonic()
    done_before = completed
    console.print(f"{what}: {completed:,} of {total:,} {unit}")

    def advance(done: int) -> None:
        nonlocal completed, said
        completed += done
        now = time.monotonic()
        if completed >= total:
            console.print(f"{what}: all {total:,} {unit} in {duration(now - began)}")
        elif now - said >= SECONDS_BETWEEN_LINES:
            said = now
            seconds_left = (now - began) / (completed - done_before) * (total - completed)
            console.print(f"{what}: {completed:,} of {total:,} {unit}, {duration(seconds_left)} left")

    return advance


def duration(seconds: float) -> str:
    """As people say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
