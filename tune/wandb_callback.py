"""W&B, live, from the driver: a WandbLoggerCallback that needs no process per trial and never holds the sweep up.

A thread of its own opens, feeds and closes the runs, in the order in which things happened. A server that does not
answer costs the sweep nothing: the runs go offline, and a resume sends them.
"""

import dataclasses
import functools
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray.air.integrations.wandb import WandbLoggerCallback

from results.records import SweepRecord, read_sweep, read_trial
from results.wandb_dashboard import SweepDashboard
from results.wandb_record import TrialWandbRun, WandbRunSettings, WandbUnavailable, open_run, run_id
from results.whole_views import is_whole
from trainable import contract
from tune.recorder import Recorder, number_of

Work = Callable[[], None]

HAND_OVER_TIMEOUT_S = 120.0


class SweepWandbCallback(WandbLoggerCallback):
    """Follows the recorder: what it has written, W&B is given."""

    def __init__(
        self,
        settings: WandbRunSettings,
        record: SweepRecord,
        recorder: Recorder,
        run_name: Callable[[dict[str, Any], str], str],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(project=settings.project, group=settings.group)
        self._settings, self._record, self._recorder, self._run_name = settings, record, recorder, run_name
        self._dashboard = SweepDashboard(settings, record, say) if settings.mode == "online" else None
        self._open: dict[int, TrialWandbRun] = {}
        self._unconfirmed: dict[int, TrialWandbRun] = {}
        """Closed, and not known to be whole: a server may show its last rows a moment later."""
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.unavailable: str | None = None
        """Why W&B does not hold everything although it was to be online."""

    def __getstate__(self) -> dict[str, Any]:
        """Ray pickles the callbacks it was given; what they say goes to a terminal, which cannot be."""
        return {}

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Start the thread, and have it make whole what a crash left incomplete."""
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_thread, name="wandb", daemon=True)
        self._thread.start()
        self._put(self._begin_dashboard)
        for trial in self._record.trials:
            if trial.finished and not is_whole(trial.folder, self._settings.view, len(trial.rows)):
                self._put(functools.partial(self._open_run, trial.number, trial.config, list(trial.rows)))
                status = trial.status(self._record.num_epochs)
                self._put(functools.partial(self._close_run, trial.number, status, whole=True))

    def log_trial_start(self, trial: Any) -> None:
        number, config = number_of(trial), dict(trial.config)
        rows = list(self._recorder.rows(number))
        self._put(lambda: self._open_run(number, config, rows))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        rows = self._recorder.rows(number)[-1:]
        self._put(lambda: self._open[number].append(rows))
        if self._dashboard and len(self._recorder.rows(number)) == 1:
            self._put(functools.partial(self._dashboard.show_metrics, rows[0]))

    def log_trial_save(self, trial: Any) -> None:
        """Checkpoints stay where they are."""

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        number = number_of(trial)
        ended = read_trial(self._record.folder / contract.trial_folder_name(number), number)
        status = ended.status(self._record.num_epochs)
        self._put(lambda: self._close_run(number, status, whole=True))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """Close what is open, and wait until all is handed over, but not for ever."""
        if not self._thread:
            return
        self._put(self._close_unfinished)
        self._put(self._confirm_closed)
        self._put(self._end_dashboard)
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

    def _begin_dashboard(self) -> None:
        if self._dashboard:
            self._settings = dataclasses.replace(self._settings, sweep_id=self._dashboard.begin())

    def _end_dashboard(self) -> None:
        if self._dashboard and not self.unavailable:
            self._dashboard.end(finished=read_sweep(self._record.folder).finished)

    def _open_run(self, number: int, config: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        if number in self._open:
            return
        folder = Path(self._record.folder, contract.trial_folder_name(number))
        name = self._run_name(config, self._settings.created)
        identity = run_id(self._settings, number)
        run, cause = open_run(self._settings, identity, folder, name, {**config, "trial": number})
        if cause:
            self._go_offline(cause)
        self._open[number] = run
        run.append(rows)

    def _close_run(self, number: int, status: str, whole: bool) -> None:
        run = self._open.pop(number, None)
        if not run:
            return
        gone = bool(self.unavailable) and not run.offline
        try:
            run.close(status, wait=not gone)
            if whole and not gone and not run.mark_if_whole():
                self._unconfirmed[number] = run
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
