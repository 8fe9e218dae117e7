"""One W&B run fed by a thread of its own: a server that is slow, refuses or vanishes costs the training nothing.

What cannot be opened online is recorded offline; what the server has not taken when the training ends stays in the
run's local files, from where `wandb sync` sends it.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from results.record.ranking import Row
from results.trackers.wandb_client import WandbUnavailable, finish_timeout_s
from results.trackers.wandb_run import TrialWandbRun, open_run
from results.trackers.wandb_settings import ModelArtifact, WandbRunSettings

PATIENCE_S = 3.0
"""How long the end may take before the user is told what it waits for."""

Work = Callable[[], object]


class BackgroundWandbRun:
    """The calls return at once; the thread does them in their order."""

    def __init__(
        self,
        settings: WandbRunSettings,
        identity: str | None,
        folder: Path,
        name: str,
        config: Mapping[str, Any],
        say: Callable[[str], None],
    ) -> None:
        """Begin to open the run.

        Args:
            say: told where the run can be seen, or why it is offline; called from the thread.
        """
        self._settings, self._identity, self._folder = settings, identity, folder
        self._name, self._config, self._say = name, config, say
        self._run: TrialWandbRun | None = None
        self._failure: Exception | None = None
        self._went_offline = False
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._work.put(self._open)
        self._thread = threading.Thread(target=self._run_thread, name="wandb", daemon=True)
        self._thread.start()

    def append(self, rows: Iterable[Row]) -> None:
        given = list(rows)
        self._work.put(lambda: self._opened.append(given))

    def close(self, status: str, model: ModelArtifact | None) -> bool:
        """Hand over the rest and finish; False when W&B did not take everything in time or failed."""
        self._work.put(lambda: self._close(status, [model] if model else []))
        self._work.put(None)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._say(f"Waiting for W&B to take the rest, at most {finish_timeout_s():.0f} s (Ctrl-C: not at all)")
            self._thread.join(finish_timeout_s())
        return not self._thread.is_alive() and self._failure is None

    @property
    def failure(self) -> str | None:
        """What went wrong, in a line, if it was not only slow."""
        if self._failure is None:
            return None
        return str(self._failure).strip().split("\n")[0] or type(self._failure).__name__

    @property
    def sync_command(self) -> str | None:
        """What sends the run's local files; None as long as there are none."""
        return self._run.sync_command if self._run else None

    @property
    def server_is_gone(self) -> bool:
        """Whether W&B's own clean-up at the process's exit would wait for a server that does not answer."""
        return self._went_offline or self._thread.is_alive() or self._failure is not None

    @property
    def is_offline(self) -> bool:
        """Whether the run is in local files only, to be sent later."""
        return self._settings.mode == "offline" or self._went_offline

    @property
    def _opened(self) -> TrialWandbRun:
        assert self._run
        return self._run

    def _run_thread(self) -> None:
        while work := self._work.get():
            try:
                work()
            except Exception as failure:  # W&B is a view of the record: the training goes on, the user is told
                self._failure = failure
                return

    def _close(self, status: str, models: list[ModelArtifact]) -> None:
        closed = self._opened.close(status, models=models)
        if closed.lacks_model:
            raise WandbUnavailable(closed.lacks_model)

    def _open(self) -> None:
        self._run, cause = open_run(self._settings, self._identity, self._folder, self._name, self._config)
        if cause:
            self._went_offline = True
            self._say(f"W&B does not answer ({cause}), so the run is recorded offline")
        elif self._run.url:
            self._say(f"View run at: {self._run.url}")
