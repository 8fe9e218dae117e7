"""TensorBoard, live: every epoch of every trial under the contract's tags (Ray's callback prefixes each of them)."""

from pathlib import Path
from typing import Any

from ray.tune.logger import LoggerCallback

from results.records import SweepRecord, TrialRecord
from results.tensorboard_record import VIEW, TrialEvents
from results.whole_views import is_whole
from trainable import contract
from tune.recorder import Recorder, number_of


class TensorBoardCallback(LoggerCallback):
    """Follows the recorder: what it has written, this shows."""

    def __init__(self, record: SweepRecord, recorder: Recorder) -> None:
        self._record, self._recorder = record, recorder
        self._open: dict[int, TrialEvents] = {}

    def setup(self, **info: Any) -> None:
        """Make whole what a crash left incomplete."""
        for trial in self._record.trials:
            if trial.finished and not is_whole(trial.folder, VIEW, len(trial.rows)):
                self._rewrite(trial)

    def _rewrite(self, trial: TrialRecord) -> None:
        events = TrialEvents(trial.folder, trial.config, self._record.metric, self._record.mode)
        events.append(trial.rows)
        events.close()

    def log_trial_start(self, trial: Any) -> None:
        number = number_of(trial)
        if number not in self._open:
            folder = Path(self._record.folder, contract.trial_folder_name(number))
            self._open[number] = TrialEvents(folder, trial.config, self._record.metric, self._record.mode)
            self._open[number].append(self._recorder.rows(number))

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        self.log_trial_start(trial)
        self._open[number_of(trial)].append(self._recorder.rows(number_of(trial)))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        events = self._open.pop(number_of(trial), None)
        if events:
            events.close()
