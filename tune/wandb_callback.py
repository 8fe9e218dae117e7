"""W&B, live, from the driver: a WandbLoggerCallback that needs no process per trial and never holds the sweep up.

A thread of its own opens, feeds and closes the runs, in the order in which things happened. A server that does not
answer costs the sweep nothing: the runs go offline, and a resume sends them.
"""

import dataclasses
import functools
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray.air.integrations.wandb import WandbLoggerCallback

from results.records import SweepRecord, TrialRecord, read_trial
from results.wandb_record import ClosedRun, ModelArtifact, TrialWandbRun, WandbRunSettings, WandbUnavailable
from results.wandb_trials import lacks_rows, last_model, newest_model, open_trial
from trainable import contract
from tune.recorder import Recorder, number_of

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
            group=self.group,
            upload_checkpoints=self._which_checkpoints(),
            excludes=frozenset(self.excludes),
            log_config=self.log_config,
            init_options={name: value for name, value in self.kwargs.items() if name != "mode"},
        )
        self._record, self._recorder, self._say = record, recorder, say
        self._checkpoint_was_gone = False
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
        for trial in self._record.trials:
            if trial.finished and lacks_rows(self._settings, self._record, trial):
                self._put(functools.partial(self._open_run, trial))
                status, model = trial.status(self._record.num_epochs), last_model(self._settings, self._record, trial)
                self._put(functools.partial(self._close_run, trial.number, status, whole=True, model=model))

    def log_trial_start(self, trial: Any) -> None:
        started = self._read(trial)
        self._put(lambda: self._open_run(started))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        rows = self._recorder.rows(number)[-1:]
        self._put(lambda: self._open[number].append(rows))

    def log_trial_save(self, trial: Any) -> None:
        if self._settings.upload_checkpoints == "all" and self._settings.mode == "online":
            saved = self._read(trial)
            model = newest_model(self._record, saved, passing=True)
            if model:
                self._put(lambda: self._send_model(saved.number, model))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        ended = self._read(trial)
        status = ended.status(self._record.num_epochs)
        model = last_model(self._settings, self._record, ended)
        self._put(lambda: self._close_run(ended.number, status, whole=True, model=model))

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """Close what is open, and wait until all is handed over, but not for ever."""
        if not self._thread:
            return
        self._put(self._close_unfinished)
        self._put(self._confirm_closed)
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

    def _send_model(self, number: int, model: ModelArtifact) -> None:
        run = self._open[number]
        if run.offline or self.unavailable:
            return
        try:
            run.add_model(model, f"epoch-{model.metadata['epoch']}")
        except FileNotFoundError:  # a trial keeps its last two
            if not self._checkpoint_was_gone:
                self._checkpoint_was_gone = True
                self._say("W&B is too slow for every epoch's checkpoint: some are gone before they can be sent")

    def _close_run(self, number: int, status: str, whole: bool, model: ModelArtifact | None = None) -> None:
        run = self._open.pop(number, None)
        if not run:
            return
        gone = bool(self.unavailable) and not run.offline
        try:
            closed = run.close(status, wait=not gone, model=model)
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
