"""Reading a profile as people see it: a progress bar where it takes long, and what the cache has to say."""

import sys
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from trainable.profiles.cache import load_cached_profile
from trainable.profiles.table import Profile
from trainable.terminal.console import PlainConsole

SILENT_SECONDS = 1.0


def read_profile(results_dir: Path, dataset_names: tuple[str, ...] = ()) -> Profile:
    """A profile, from the cache or from its files; on a terminal with a bar, once reading has taken a while.

    Raises:
        UserError: as `load_profile`.
    """
    columns = ("reading the profile", BarColumn(), MofNCompleteColumn(), "files", TimeRemainingColumn())
    progress = Progress(*columns, console=PlainConsole(sys.stderr), transient=True)
    task, began = progress.add_task(""), time.monotonic()

    def show(files_read: int, files: int) -> None:
        if progress.console.is_terminal and time.monotonic() - began >= SILENT_SECONDS:
            progress.start()
            progress.update(task, completed=files_read, total=files)

    try:
        return load_cached_profile(results_dir, dataset_names, show, progress.console.print)
    finally:
        if progress.live.is_started:  # stopping what never started prints an empty line
            progress.stop()
