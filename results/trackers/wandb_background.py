"""One W&B run in a thread of its own: a server that is slow, refuses or vanishes costs the training nothing.

What cannot be opened online is recorded offline; what the server has not taken when the training ends stays in the
run's local files, from where `wandb sync` sends it.
"""

import dataclasses
from collections.abc import Callable, Iterable

from results.record.ranking import Row
from results.trackers.wandb_client import WandbUnavailable, finish_timeout_s, first_line
from results.trackers.wandb_run import TrialWandbRun
from results.trackers.wandb_settings import ModelArtifact, RunDescription, WandbRunSettings
from results.trackers.worker import Worker
from trainable.contract import TrialStatus

PATIENCE_S = 3.0
"""How long the end may take before the user is told what it waits for."""


class BackgroundWandbRun:
    """The calls return at once, but for `close`."""

    def __init__(self, settings: WandbRunSettings, described: RunDescription, say: Callable[[str], None]) -> None:
        """Begin to open the run.

        Args:
            say: told where the run can be seen, or why it is offline; called from the thread.
        """
        self._settings, self._described, self._say = settings, described, say
        self._run: TrialWandbRun | None = None
        self._went_offline = False
        self._worker = Worker("wandb")
        self._worker.do(self._open)

    def append(self, rows: Iterable[Row]) -> None:
        given = list(rows)
        self._worker.do(lambda: self._opened.append(given))

    def close(self, status: TrialStatus, model: ModelArtifact | None) -> bool:
        """Hand over the rest and finish; False when W&B did not take everything in time or failed."""
        self._worker.do(lambda: self._close(status, [model] if model else []))
        if not self._worker.finish(PATIENCE_S):
            self._say(f"Waiting for W&B to take the rest, at most {finish_timeout_s():.0f} s (Ctrl-C: not at all)")
            self._worker.finish(finish_timeout_s())
        return not self._worker.is_busy and self._worker.failure is None

    @property
    def failure(self) -> str | None:
        """What went wrong, in a line, if it was not only slow."""
        return first_line(self._worker.failure) if self._worker.failure else None

    @property
    def sync_command(self) -> str | None:
        """What sends the run's local files; None as long as there are none."""
        return self._run.sync_command if self._run else None

    @property
    def server_is_gone(self) -> bool:
        """Whether W&B's own clean-up at the process's exit would wait for a server that does not answer."""
        return self._went_offline or self._worker.is_busy or self._worker.failure is not None

    @property
    def is_offline(self) -> bool:
        """Whether the run is in local files only, to be sent later."""
        return self._went_offline or not self._settings.is_online

    @property
    def _opened(self) -> TrialWandbRun:
        assert self._run
        return self._run

    def _open(self) -> None:
        try:
            self._run = TrialWandbRun(self._settings, self._described)
        except WandbUnavailable as error:
            if self.is_offline:
                raise
            self._went_offline = True
            # By another id: W&B would renumber the rows of a segment that is synced into a run it already holds.
            other_id = self._described.id and f"{self._described.id}-offline"
            self._run = TrialWandbRun(self._settings.offline(), dataclasses.replace(self._described, id=other_id))
            self._say(f"W&B does not answer ({first_line(error)}), so the run is recorded offline")
        if self._run.url:
            self._say(f"View run at: {self._run.url}")

    def _close(self, status: TrialStatus, models: list[ModelArtifact]) -> None:
        closed = self._opened.close(status, models=models)
        if closed.lacks_model:
            raise WandbUnavailable(closed.lacks_model)
