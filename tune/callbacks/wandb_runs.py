"""W&B, live, from the driver: a WandbLoggerCallback that needs no process per trial and never holds the sweep up.

A thread of its own opens, feeds and closes the runs, in the order in which things happened. A server that does not
answer costs the sweep nothing: the runs go offline, and a resume sends them.
"""

import dataclasses
import functools
import os
import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ray.air.integrations.wandb import WandbLoggerCallback

from results.record.sweeps import SweepRecord, TrialRecord, read_sweep, read_trial
from results.trackers.wandb_client import WandbUnavailable
from results.trackers.wandb_dashboard import SweepDashboard
from results.trackers.wandb_run import ClosedRun, TrialWandbRun
from results.trackers.wandb_settings import ModelArtifact, WandbRunSettings
from results.trackers.wandb_sweep_entry import RUNNING, ended_state
from results.trackers.wandb_trials import is_lacking, models, open_trial
from trainable import contract
from trainable.contract import TrialStatus
from tune.callbacks.recorder import Recorder
from tune.engine.ray_trials import number_of

Work = Callable[[], object]

HAND_OVER_TIMEOUT_S = 120.0


class SweepWandbCallback(WandbLoggerCallback):
    """Follows the recorder: what it has written, W&B is given."""

    def __init__(
        self,
        settings: WandbRunSettings,
        record: SweepRecord,
        recorder: Recorder,
        say: Callable[[str], None],
        **options: Any,
    ) -> None:
        """Nothing is opened before `setup`.

        Args:
            options: WandbLoggerCallback's own, which win over the settings.
        """
        of_sweep = {"project": settings.project, "group": settings.group, "upload_timeout": HAND_OVER_TIMEOUT_S}
        super().__init__(**of_sweep | {"upload_checkpoints": settings.upload_checkpoints} | options)
        self._settings = dataclasses.replace(
            settings,
            mode=self.kwargs.get("mode", settings.mode),
            project=self.project,
            entity=self.kwargs.get("entity", settings.entity),
            group=self.group,
            upload_checkpoints=self._which_checkpoints(),
            excludes=frozenset(self.excludes),
            log_config=self.log_config,
            init_options={name: value for name, value in self.kwargs.items() if name != "mode"},
        )
        self._record, self._recorder, self._say = record, recorder, say
        self._dashboard = SweepDashboard(self._settings, record, say) if self._settings.mode == "online" else None
        self._open: dict[int, TrialWandbRun] = {}
        self._unconfirmed: dict[int, ClosedRun] = {}
        """Closed, and not known to be whole: a server may show its last rows a moment later."""
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.unavailable: str | None = None
        """Why W&B does not hold everything although it was to be online."""

    def _which_checkpoints(self) -> str:
        """Ray's own option is true or false."""
        if isinstance(self.upload_checkpoints, bool):
            return "all" if self.upload_checkpoints else "none"
        return str(self.upload_checkpoints)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles the callbacks into the sweep's folder, where no key may lie."""
        return {}

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Start the thread, and have it make whole what a crash left incomplete."""
        key = Path(self.api_key_path).expanduser().read_text().split()[0] if self.api_key_path else self.api_key
        if key:
            os.environ["WANDB_API_KEY"] = key
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_thread, name="wandb", daemon=True)
        self._thread.start()
        self._put(self._begin_dashboard)
        for trial in self._record.trials:
            if trial.finished and is_lacking(self._settings, self._record, trial):
                self._put(functools.partial(self._open_run, trial))
                self._put(functools.partial(self._close_ended, trial))

    def log_trial_start(self, trial: Any) -> None:
        started = self._read(trial)
        self._put(lambda: self._open_run(started))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        rows = self._recorder.rows(number)[-1:]
        self._put(lambda: self._open[number].append(rows))
        if self._dashboard and len(self._recorder.rows(number)) == 1:
            self._put(functools.partial(self._dashboard.show_metrics, rows[0]))

    def log_trial_save(self, trial: Any) -> None:
        if self._settings.upload_checkpoints == "all":
            saved = models(self._settings, self._record, self._read(trial))
            self._put(lambda: self._open[number_of(trial)].add_models(saved))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        ended = self._read(trial)
        self._put(lambda: self._close_ended(ended))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """Close what is open, and wait until all is handed over, but not for ever."""
        if not self._thread:
            return
        self._put(self._close_unfinished)
        self._put(self._confirm_closed)
        self._put(self._end_dashboard)
        self._work.put(None)
        self._thread.join(self._upload_timeout)
        if self._thread.is_alive():
            self.unavailable = f"the server took more than {self._upload_timeout:.0f} s"
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
            self._settings = dataclasses.replace(self._settings, sweep_id=self._dashboard.begin(RUNNING))

    def _end_dashboard(self) -> None:
        if self._dashboard and not self.unavailable:
            self._dashboard.end(ended_state(read_sweep(self._record.folder)))

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

    def _close_ended(self, trial: TrialRecord) -> None:
        closed = self._close_run(
            trial.number, trial.status(self._record.num_epochs), models(self._settings, self._record, trial)
        )
        try:
            if closed and not closed.mark_if_whole():
                self._unconfirmed[trial.number] = closed
        except WandbUnavailable as error:
            self._go_offline(str(error))

    def _close_run(self, number: int, status: str, models: Iterable[ModelArtifact] = ()) -> ClosedRun | None:
        """The closed run; None where none was open, or where the server is away and it is left to wandb-core."""
        run = self._open.pop(number, None)
        if not run:
            return None
        gone = bool(self.unavailable) and not run.offline
        try:
            closed = run.close(status, wait=not gone, models=models)
        except WandbUnavailable as error:
            self._go_offline(str(error))
            return None
        return None if gone else closed

    def _go_offline(self, cause: str) -> None:
        """No more waiting for the server until a resume: what is open online is left to wandb-core."""
        self.unavailable = cause.splitlines()[0]
        self._settings = self._settings.offline()

    def _close_unfinished(self) -> None:
        for number in list(self._open):
            self._close_run(number, TrialStatus.UNFINISHED)

    def _confirm_closed(self) -> None:
        if self.unavailable:
            return
        try:
            lacking = {number: run for number, run in self._unconfirmed.items() if not run.mark_if_whole()}
        except WandbUnavailable as error:
            self._go_offline(str(error))
            return
        if lacking:
            self.unavailable = "; ".join(f"trial {number} lacks {run.lacks}" for number, run in lacking.items())
