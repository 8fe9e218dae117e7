"""W&B, live, from the driver: a WandbLoggerCallback that needs no process per trial and never holds the sweep up.

A thread of its own opens, feeds and closes the runs, in the order in which things happened. A server that does not
answer costs the sweep nothing: the runs go offline, and a resume sends them.
"""

import functools
import queue
import threading
from collections.abc import Callable
from typing import Any

from ray.air.integrations.wandb import WandbLoggerCallback

from results.records import SweepRecord, TrialRecord, read_trial
from results.wandb_record import ClosedRun, TrialWandbRun, WandbRunSettings, WandbUnavailable
from results.wandb_trials import lacks_rows, open_trial
from trainable import contract
from tune.recorder import Recorder, number_of

Work = Callable[[], object]

HAND_OVER_TIMEOUT_S = 120.0


class SweepWandbCallback(WandbLoggerCallback):
    """Follows the recorder: what it has written, W&B is given."""

    def __init__(self, settings: WandbRunSettings, record: SweepRecord, recorder: Recorder) -> None:
        super().__init__(project=settings.project, group=settings.group)
        self._settings, self._record, self._recorder = settings, record, recorder
        self._open: dict[int, TrialWandbRun] = {}
        self._unconfirmed: dict[int, ClosedRun] = {}
        """Closed, and not known to be whole: a server may show its last rows a moment later."""
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.unavailable: str | None = None
        """Why W&B does not hold everything although it was to be online."""

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Start the thread, and have it make whole what a crash left incomplete."""
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_thread, name="wandb", daemon=True)
        self._thread.start()
        for trial in self._record.trials:
            if trial.finished and lacks_rows(self._settings, self._record, trial):
                self._put(functools.partial(self._open_run, trial))
                status = trial.status(self._record.num_epochs)
                self._put(functools.partial(self._close_run, trial.number, status, whole=True))

    def log_trial_start(self, trial: Any) -> None:
        started = self._read(trial)
        self._put(lambda: self._open_run(started))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        rows = self._recorder.rows(number)[-1:]
        self._put(lambda: self._open[number].append(rows))

    def log_trial_save(self, trial: Any) -> None:
        """Checkpoints stay where they are."""

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        ended = self._read(trial)
        status = ended.status(self._record.num_epochs)
        self._put(lambda: self._close_run(ended.number, status, whole=True))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """Close what is open, and wait until all is handed over, but not for ever."""
        if not self._thread:
            return
        self._put(self._close_unfinished)
        self._put(self._confirm_closed)
        self._work.put(None)
        self._thread.join(HAND_OVER_TIMEOUT_S)
        if self._thread.is_alive():
            self.unavailable = f"the server took more than {HAND_OVER_TIMEOUT_S:.0f} s"
        if self._failure:
            raise self._failure

    def _put(self, work: Work) -> None:
        if self._failure:
            raise self._failure
        self._work.put(work)

    def _run_thread(self) -> None:
        while work := self._work.get():
            try:
                work()
            except BaseException as failure:
                self._failure = failure  # raised again where the sweep meets this callback next
                return

    def _read(self, trial: Any) -> TrialRecord:
        number = number_of(trial)
        return read_trial(self._record.folder / contract.trial_folder_name(number), number)

    def _open_run(self, trial: TrialRecord) -> None:
        if trial.number in self._open:
            return
        run, cause = open_trial(self._settings, self._record, trial)
        if cause:
            self._go_offline(cause)
        self._open[trial.number] = run

    def _close_run(self, number: int, status: str, whole: bool) -> None:
        run = self._open.pop(number, None)
        if not run:
            return
        gone = bool(self.unavailable) and not run.offline
        try:
            closed = run.close(status, wait=not gone)
            if whole and not gone and not closed.mark_if_whole():
                self._unconfirmed[number] = closed
        except WandbUnavailable as error:
            self._go_offline(str(error))

    def _go_offline(self, cause: str) -> None:
        """No more waiting for the server until a resume: what is open online is left to wandb-core."""
        self.unavailable = cause.splitlines()[0]
        self._settings = self._settings.offline()

    def _close_unfinished(self) -> None:
        for number in list(self._open):
            self._close_run(number, "unfinished", whole=False)

    def _confirm_closed(self) -> None:
        if self.unavailable:
            return
        try:
            lacking = [f"trial {number}" for number, run in self._unconfirmed.items() if not run.mark_if_whole()]
        except WandbUnavailable as error:
            self._go_offline(str(error))
            return
        if lacking:
            self.unavailable = f"the server does not show every epoch of {', '.join(lacking)}"
