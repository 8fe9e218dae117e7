"""TensorBoard, live: every epoch of every trial under the contract's tags (Ray's callback prefixes each of them)."""

from typing import Any

from ray.tune.logger import LoggerCallback

from results.record.sweeps import SweepRecord
from results.record.trial.record import read_trial
from results.record.trial.view_marks import is_complete
from results.trackers.tensorboard_record import VIEW, TrialEvents, open_events
from tune.callbacks.recorder import Recorder
from tune.engine.ray_trials import number_of


class TensorBoardCallback(LoggerCallback):
    """Follows the recorder: what it has written, this shows."""

    def __init__(self, record: SweepRecord, recorder: Recorder) -> None:
        self._record, self._recorder = record, recorder
        self._open: dict[int, TrialEvents] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks, and this one holds files open."""
        return {}

    def begin(self) -> None:
        """Make whole what a crash left incomplete."""
        for trial in self._record.trials:
            if not trial.is_open and not is_complete(trial.folder, VIEW, len(trial.rows)):
                open_events(self._record, trial.number).close(trial.status(self._record.num_epochs))

    def log_trial_start(self, trial: Any) -> None:
        number = number_of(trial)
        if number not in self._open:
            self._open[number] = open_events(self._record, number)

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        self._open[number].append(self._recorder.rows(number)[-1:], self._recorder.newest_samples(number))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        """A trial that is paused stays open: it may go on, and its curve in the same file."""
        self.log_trial_start(trial)  # if Ray never said so: its worker could not be made
        ended = read_trial(self._record.folder, number_of(trial))
        if not (ended.is_paused or ended.is_open):
            self._close(ended.number)

    def end(self) -> None:
        for number in [number for number in self._open if read_trial(self._record.folder, number).is_paused]:
            self._close(number)

    def _close(self, number: int) -> None:
        if events := self._open.pop(number, None):
            events.close(read_trial(self._record.folder, number).status(self._record.num_epochs))
