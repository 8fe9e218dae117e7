"""What is shown while a sweep runs: a few lines that hold still on a terminal, a line now and then anywhere else."""

import time
from typing import Any

from ray.tune import Callback
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from results.ranking import score, sign
from results.records import SweepRecord
from results.shown import shown_value
from trainable import contract
from trainable.ray_trainable import FAILURE, NOTE
from tune.recorder import Recorder, number_of

SECONDS_BETWEEN_LINES = 15.0
MOST_RUNNING_SHOWN = 8


class Progress(Callback):
    """Trials done and running, the best so far, the first trial beside it, and the time left."""

    def __init__(self, record: SweepRecord, recorder: Recorder, num_samples: int, console: Console) -> None:
        self._recorder, self._console, self._num_samples = recorder, console, num_samples
        self._metric, self._mode, self._num_epochs = record.metric, record.mode, record.num_epochs
        finished = [trial for trial in record.trials if trial.finished]
        self._done = len(finished)
        self._failed = sum(trial.failure is not None for trial in finished)
        self._epochs_of_done = sum(len(trial.rows) for trial in finished)
        scores = {trial.number: record.score(trial) for trial in record.trials}
        self._scores: dict[int, float] = {number: value for number, value in scores.items() if value is not None}
        self._running: dict[int, dict[str, Any]] = {}
        self._epochs_now, self._seconds_training = 0, 0.0
        self._started = time.monotonic()
        self._last_line = self._started
        self._live: Live | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Ray pickles the callbacks it was given; a terminal cannot be."""
        return {}

    def setup(self, **info: Any) -> None:
        self._started = self._last_line = time.monotonic()
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._view, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._running[number_of(trial)] = dict(trial.config)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        number = number_of(trial)
        if NOTE in result:
            self._console.print(f"trial {number}: {result[NOTE]}")
        if FAILURE not in result:
            self._epochs_now += 1
            self._seconds_training += result["time_this_iter_s"]
            value = score(self._recorder.rows(number), self._metric, self._mode)
            if value is not None:
                self._scores[number] = value
        else:
            self._failed += 1
            self._console.print(f"trial {number} {result[FAILURE]['kind']}: {result[FAILURE]['cause']}", soft_wrap=True)
        if not self._live and time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._print_line()

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._console.print(f"trial {number_of(trial)}: its worker died; it goes on from its newest checkpoint")

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._end(trial)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._failed += 1
        self._end(trial)

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        if self._live:
            self._live.stop()

    def _end(self, trial: Any) -> None:
        number = number_of(trial)
        self._running.pop(number, None)
        self._done += 1
        self._epochs_of_done += len(self._recorder.rows(number))
        if not self._live:
            self._print_line()

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        self._console.print(
            f"[{_clock(self._last_line - self._started)}] {self._sentence()}", markup=False, soft_wrap=True
        )

    def _sentence(self) -> str:
        parts = [f"{self._done}/{self._num_samples} trials done", f"{len(self._running)} running"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        if self._scores:
            best = max(self._scores, key=lambda number: sign(self._mode) * self._scores[number])
            parts.append(f"best {self._scores[best]:.3f} (trial {best})")
        if 0 in self._scores:
            parts.append(f"starting values {self._scores[0]:.3f}")
        left = self._seconds_left()
        if left is not None:
            parts.append(f"about {_clock(left)} left")
        return ", ".join(parts)

    def _seconds_left(self) -> float | None:
        """Epochs that are likely still to come, at the pace of the trials since the start."""
        if not self._epochs_now or self._done >= self._num_samples:
            return None
        per_trial = self._epochs_of_done / self._done if self._done else self._num_epochs
        of_running = sum(len(self._recorder.rows(number)) for number in self._running)
        to_come = max(0.0, (self._num_samples - self._done) * per_trial - of_running)
        return to_come * self._seconds_training / self._epochs_now / max(1, len(self._running))

    def _view(self) -> Group:
        table = Table(box=None, pad_edge=False, show_header=False)
        for number in sorted(self._running)[:MOST_RUNNING_SHOWN]:
            rows = self._recorder.rows(number)
            values = "  ".join(f"{name} {shown_value(value)}" for name, value in self._running[number].items())
            value = f"{self._scores[number]:.3f}" if number in self._scores else "-"
            table.add_row(
                f"trial {number}",
                values,
                ProgressBar(self._num_epochs, len(rows), width=20),
                f"epoch {rows[-1][contract.EPOCH] if rows else 0}/{self._num_epochs}",
                value,
            )
        more = len(self._running) - MOST_RUNNING_SHOWN
        elapsed = _clock(time.monotonic() - self._started)
        return Group(
            Text(f"[{elapsed}] {self._sentence()}", style="bold"),
            table,
            *([Text(f"and {more} more")] if more > 0 else []),
        )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
