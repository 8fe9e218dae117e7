"""The record: each epoch's row and samples go straight into the trial's own folder, a failure's cause beside them.

Ray's own loggers write into a session folder and copy now and then; after a `kill -9` the sweep's folder would lack
what they had not copied yet.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

from ray.exceptions import OutOfMemoryError
from ray.tune import Callback

from results.mirror.elsewhere import Elsewhere
from results.record.sweeps import SweepRecord
from results.record.trial.failures import Failure, write_failure
from results.record.trial.kept_checkpoints import replaced
from results.record.trial.log import Sample, TrialLog
from trainable import contract
from trainable.contract import ARRIVAL, FAILURE, GPU_USE, NOTE, PAUSED, SAMPLES, SWEEP_TIME
from trainable.ranking import Row
from trainable.system_errors import writing
from tune.engine.ray_trials import forgive_lost_workers, last_error, number_of, raise_what_disk_refused, tell_rows
from tune.engine.scheduler import Pauses
from tune.searching.caps import time_spent_s

TRIALS_THAT_TELL = 3
LEFT_OUT = ("time_since_restore", "iterations_since_restore", "experiment_tag", NOTE, GPU_USE)


class Recorder(Callback):
    """Writes result.json, progress.csv, samples.jsonl and failure.json of every trial, as things happen.

    Raises:
        DiskError: from whatever Ray calls it for; Ray ends the sweep then.
    """

    def __init__(
        self, record: SweepRecord, num_nodes: Callable[[], int] = lambda: 1, elsewhere: Elsewhere | None = None
    ) -> None:
        """
        Args:
            num_nodes: how many nodes trials may run on.
            elsewhere: of a sweep that is kept in a store, where trials on other nodes leave their checkpoints.
        """
        self._num_nodes, self._elsewhere = num_nodes, elsewhere
        self.pauses: Pauses = {}
        """What the scheduler has decided of the row that comes next."""
        self._folder, self._objective, trials = record.folder, record.objective, record.trials
        self._keeps_all = record.settings["upload_checkpoints"] == "all"
        self._arrivals = max((row[ARRIVAL] + 1 for trial in trials for row in trial.rows), default=0)
        self._seconds_before = time_spent_s(trials)
        self._began_at: float | None = None
        """When this run's first trial was started."""
        self._furthest_epoch = max((len(trial.rows) for trial in trials), default=0)
        self._logs: dict[int, TrialLog] = {}
        self._ended: dict[int, Failure | None] = {trial.number: trial.failure for trial in trials if trial.finished}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks, and this one holds files open."""
        return {}

    @property
    def num_rows(self) -> int:
        """How many rows the sweep has recorded; those that were cut count, too."""
        return self._arrivals

    @property
    def seconds(self) -> float:
        """For how long trials have run by now, in all runs of the command."""
        return self._seconds_before + (0.0 if self._began_at is None else time.monotonic() - self._began_at)

    @property
    def common_failure(self) -> tuple[int, Failure] | None:
        """A trial and its failure, when the first trials that ended all failed the same way; the rest would too.

        Not when a trial has done an epoch in which they failed, or all were on one node of several: that may be at
        fault, or their hyperparameters.
        """
        first: list[tuple[int, Failure]] = []
        for number, failure in self._ended.items():
            if not failure or failure.kind != contract.ERROR or (first and failure.exception != first[0][1].exception):
                return None
            first.append((number, failure))
            is_of_several = len({failure.node for _, failure in first}) > 1 or self._num_nodes() < 2
            if len(first) >= TRIALS_THAT_TELL and is_of_several:
                is_beyond = self._furthest_epoch >= min(failure.epoch for _, failure in first)
                return None if is_beyond else first[0]
        return None

    def is_hopeless(self) -> bool:
        """Whether the sweep is to stop: for one reason, all its trials would fail."""
        return self.common_failure is not None

    def rows(self, number: int) -> list[Row]:
        """Rows of a trial, as on disk; whoever asks changes nothing."""
        return self._log(number).rows

    def newest_samples(self, number: int) -> dict[int, Sequence[Sample]]:
        """What came with a trial's newest row, by its epoch."""
        log = self._log(number)
        return {len(log.rows): log.newest_samples}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        if self._began_at is None:
            self._began_at = time.monotonic()

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        number = number_of(trial)
        samples = result.pop(SAMPLES, ())  # Ray would keep them with each trial's newest result
        if FAILURE in result and PAUSED in result:  # too many shared a GPU; it goes on in the next round
            return
        if FAILURE in result:
            self._record_failure(number, Failure(**result[FAILURE]))
            return
        if (why := self.pauses.pop(number, None)) is not None:
            result |= {"done": False, PAUSED: why}  # for whoever follows, too
        log = self._log(number)
        epoch = result[contract.EPOCH]
        if epoch <= len(log.rows):
            return  # repeated after a lost worker, bit for bit what is recorded
        if epoch != len(log.rows) + 1:
            raise RuntimeError(f"trial {number}: epoch {epoch} came after epoch {len(log.rows)}")
        before = log.rows[-1]["time_total_s"] if log.rows else 0.0
        row = {name: value for name, value in result.items() if name not in LEFT_OUT}
        if why == contract.LAID_DOWN:
            del row[PAUSED]
        row |= {"time_total_s": before + result["time_this_iter_s"], SWEEP_TIME: self.seconds, ARRIVAL: self._arrivals}
        self._arrivals += 1
        log.append(row, samples)
        self._furthest_epoch = max(self._furthest_epoch, epoch)
        forgive_lost_workers(trial)
        if row[contract.CHECKPOINTED] and self._elsewhere:
            self._elsewhere.hold_place(self._folder / contract.trial_folder_name(number), epoch, row[contract.NODE])
        if row[contract.CHECKPOINTED] and not self._keeps_all:
            self._remove_replaced(number, epoch)

    def _remove_replaced(self, number: int, epoch: int) -> None:
        """Remove the checkpoints that an epoch's has replaced, now that its row and it are on the disk.

        All stay where W&B is to have them: it may be away, or slow.
        """
        best = self._objective.best_row(self.rows(number))
        there = contract.checkpoints(self._folder / contract.trial_folder_name(number))
        for earlier in replaced([one for one in there if one <= epoch], best[contract.EPOCH] if best else None):
            with writing(there[earlier]):
                shutil.rmtree(there[earlier])

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A worker was lost, or what Ray takes for that."""
        raise_what_disk_refused(trial)
        if self._elsewhere:
            tell_rows(trial, self.rows(number_of(trial)), self._objective.needed)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        if PAUSED not in trial.last_result:
            self._ended.setdefault(number_of(trial), None)
        self._forget(number_of(trial))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Ray gave a trial up: its worker could not be kept alive, or its checkpoint not be written."""
        raise_what_disk_refused(trial)
        number, (error, text) = number_of(trial), last_error(trial)
        kind = contract.OUT_OF_MEMORY if isinstance(error, OutOfMemoryError) else contract.ERROR
        cause = text.splitlines()[-1].strip() if text else type(error).__name__
        node = trial.last_result.get(contract.NODE, "")
        self._record_failure(number, Failure(kind, len(self.rows(number)) + 1, cause, text, node))
        self._forget(number)

    def _forget(self, number: int) -> None:
        """Nobody asks for the rows of a trial that has ended; 1,000 trials of 30 epochs would hold 110 MB."""
        self._logs.pop(number, None)

    def _record_failure(self, number: int, failure: Failure) -> None:
        write_failure(self._folder / contract.trial_folder_name(number), failure)
        self._ended[number] = failure

    def _log(self, number: int) -> TrialLog:
        if number not in self._logs:
            self._logs[number] = TrialLog(self._folder / contract.trial_folder_name(number))
        return self._logs[number]
