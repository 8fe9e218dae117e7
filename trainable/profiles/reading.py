"""Reading a profile as people see it: a progress bar where it takes long, and what the cache has to say."""

import sys
import time
from pathlib import Path

from trainable.profiles.cache import load_cached_profile
from trainable.profiles.table import Profile

SILENT_SECONDS = 1.0


def read_profile(results_dir: Path, dataset_names: tuple[str, ...] = ()) -> Profile:
    """A profile, from the cache or from its files.

    Raises:
        UserError: as `load_profile`.
    """
    with _ReadingBar() as bar:
        return load_cached_profile(results_dir, dataset_names, bar.show, lambda line: print(line, file=sys.stderr))


class _ReadingBar:
    """On a terminal, and only once reading has taken a while."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("reading the profile"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("")
        self._began = time.monotonic()

    def show(self, files_read: int, files: int) -> None:
        if not self._console.is_terminal or time.monotonic() - self._began < SILENT_SECONDS:
            return
        self._progress.start()
        self._progress.update(self._task, completed=files_read, total=files)

    def __enter__(self) -> "_ReadingBar":
        return self

    def __exit__(self, *reason: object) -> None:
        if self._progress.live.is_started:  # stopping what never started prints an empty line
            self._progress.stop()
