"""W&B, live, from the driver: a WandbLoggerCallback that needs no process per trial and never holds the sweep up.

A thread of its own opens, feeds and closes the runs, in the order in which things happened. A server that does not
answer costs the sweep nothing: the runs go offline, and a resume sends them.
"""

import atexit
import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ray.air.integrations.wandb import WandbLoggerCallback

from results.record.sweeps import SweepRecord, read_sweep
from results.record.trial.record import TrialRecord, read_trial
from results.trackers.wandb_client import WandbUnavailable, end_client, first_line
from results.trackers.wandb_confirmation import Confirmations
from results.trackers.wandb_run import ClosedRun, TrialWandbRun
from results.trackers.wandb_settings import ModelArtifact, WandbRunSettings
from results.trackers.wandb_sweep_entry import RUNNING, ended_state
from results.trackers.wandb_trials import is_lacking, models, open_trial, sweep_settings
from results.trackers.worker import Worker
from trainable import contract
from trainable.contract import TrialStatus
from tune.callbacks.recorder import Recorder
from tune.engine.ray_trials import number_of

if TYPE_CHECKING:
    from results.trackers.wandb_dashboard import SweepDashboard

HAND_OVER_TIMEOUT_S = 120.0
MOST_PAUSED_OPEN = 32
"""Runs of trials that are paused, each of which has a file open in wandb-core: of 1,000 they would be too many. Of the
others the oldest are closed; online they go on where the server has them, offline their few rows are written anew."""


class SweepWandbCallback(WandbLoggerCallback):
    """Follows the recorder: what it has written, W&B is given."""

    def __init__(self, record: SweepRecord, recorder: Recorder, mode: str, say: Callable[[str], None]) -> None:
        """Nothing is opened before `begin`."""
        self._settings = sweep_settings(record, mode)
        super().__init__(project=self._settings.project, group=self._settings.group)
        self._record, self._recorder = record, recorder
        self._dashboard = _dashboard(self._settings, record, say) if self._settings.is_online else None
        self._open: dict[int, TrialWandbRun] = {}
        self._paused: dict[int, None] = {}
        """Of those that are open, in the order in which they were paused."""
        self._confirmations = Confirmations()
        self._lacks: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles the callbacks into the sweep's folder, and the record is all that a resume reads."""
        return {}

    @property
    def unavailable(self) -> str | None:
        """Why W&B does not hold everything although it was to."""
        failure = self._worker.failure
        return f"{type(failure).__name__}: {first_line(failure)}" if failure else self._lacks

    @property
    def not_told(self) -> str | None:
        """Why it is not known whether W&B holds everything."""
        return self._confirmations.not_told

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: it follows one Tuner after another."""

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        """Nothing, as in `setup`."""

    def begin(self) -> None:
        """Start the thread, and have it make whole what a crash left incomplete."""
        self._worker = Worker("wandb")
        self._do(self._begin_dashboard)
        for trial in self._record.trials:
            if not trial.is_open and is_lacking(self._settings, self._record, trial):
                self._do(partial(self._open_run, trial.number))
                self._do(partial(self._close_ended, trial))

    def log_trial_start(self, trial: Any) -> None:
        self._do(partial(self._open_run, number_of(trial)))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        rows = self._recorder.rows(number)
        newest, samples = rows[-1:], self._recorder.newest_samples(number)
        self._do(lambda: self._open[number].append(newest, samples))
        if self._dashboard and newest:
            self._do(partial(self._dashboard.show_metrics, newest[0]))
        if self._settings.upload_checkpoints == "all" and result.get(contract.CHECKPOINTED):
            saved = models(self._settings, self._record, self._read(trial))[-1:]
            self._do(lambda: self._open[number].add_models(saved))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        """A trial that is paused stays open for a while: it may go on."""
        self.log_trial_start(trial)  # if Ray never said so: its worker could not be made
        ended = self._read(trial)
        if ended.is_paused:
            self._do(partial(self._note_paused, ended.number))
        elif not ended.is_open:
            self._do(partial(self._close_ended, ended))

    def end(self) -> None:
        """Close what is open, and wait until all is handed over, but not for ever."""
        for last in (self._close_unfinished, self._confirm_closed, self._end_dashboard):
            self._do(last)
        if not self._worker.finish(HAND_OVER_TIMEOUT_S):
            self._lacks = f"the server took more than {HAND_OVER_TIMEOUT_S:.0f} s"
        if self._worker.failure:
            atexit.register(end_client)

    def _read(self, trial: Any) -> TrialRecord:
        return read_trial(self._record.folder, number_of(trial))

    def _do(self, call: Callable[[], object]) -> None:
        self._worker.do(partial(self._unless_away, call))

    # What follows is done in the thread.

    def _unless_away(self, call: Callable[[], object]) -> None:
        """A server that is away is not waited for again until a resume: what is open online is left to wandb-core."""
        try:
            call()
        except WandbUnavailable as error:
            if not self._settings.is_online:
                raise
            self._lacks = first_line(error)
            self._settings = self._settings.offline()

    def _begin_dashboard(self) -> None:
        if self._dashboard:
            self._settings = dataclasses.replace(self._settings, sweep_id=self._dashboard.begin(RUNNING))

    def _end_dashboard(self) -> None:
        if self._dashboard and not self._lacks:
            self._dashboard.end(ended_state(read_sweep(self._record.folder)))

    def _open_run(self, number: int) -> None:
        def open_it() -> None:
            self._open[number] = open_trial(self._settings, self._record, number)

        self._paused.pop(number, None)
        if number not in self._open:
            self._unless_away(open_it)
        if number not in self._open:  # the server is away: offline then
            open_it()

    def _close_ended(self, trial: TrialRecord) -> None:
        status = trial.status(self._record.num_epochs)
        closed = self._close_run(trial.number, status, models(self._settings, self._record, trial))
        if closed:
            self._confirmations.ask(trial.number, closed)

    def _note_paused(self, number: int) -> None:
        self._paused[number] = None
        if len(self._paused) > MOST_PAUSED_OPEN:
            oldest = next(iter(self._paused))
            del self._paused[oldest]
            self._close_ended(read_trial(self._record.folder, oldest))

    def _close_unfinished(self) -> None:
        for number in list(self._open):
            trial = read_trial(self._record.folder, number)
            if trial.is_paused:
                self._unless_away(partial(self._close_ended, trial))
            else:
                self._unless_away(partial(self._close_run, number, TrialStatus.UNFINISHED))

    def _close_run(self, number: int, status: TrialStatus, models: Iterable[ModelArtifact] = ()) -> ClosedRun | None:
        """The closed run; None where none was open, or where the server is away and it is left to wandb-core."""
        run = self._open.pop(number, None)
        if not run:
            return None
        is_left = bool(self._lacks) and run.is_online
        closed = run.close(status, wait=not is_left, models=models)
        return None if is_left else closed

    def _confirm_closed(self) -> None:
        if self._lacks:
            return
        self._confirmations.ask_again()
        lacking = self._confirmations.lacking
        self._lacks = "; ".join(f"trial {number} lacks {what}" for number, what in lacking.items()) or None


def _dashboard(settings: WandbRunSettings, record: SweepRecord, say: Callable[[str], None]) -> "SweepDashboard":
    from results.trackers.wandb_dashboard import SweepDashboard  # views take a second to import: online alone

    return SweepDashboard(settings, record, say)
