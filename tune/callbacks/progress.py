"""What is shown while a sweep runs: a panel that holds still on a terminal, a line now and then anywhere else."""

import time
from collections.abc import Callable
from typing import Any

from ray.tune.logger import LoggerCallback
from rich.console import Console, Group
from rich.live import Live

from results.listing.formatting import listed
from results.record.sweeps import SweepRecord
from trainable import contract
from trainable.contract import FAILURE, LAID_DOWN, NOTE, PAUSED
from trainable.ranking import sign
from tune.engine.ray_trials import number_of
from tune.screen.leader import Leader
from tune.screen.pace import Pace
from tune.screen.progress_view import SweepProgress, TrialProgress, clock, panel, sentence
from tune.screen.reflow import Reflow
from tune.searching.caps import Caps

SECONDS_BETWEEN_LINES = 15.0
SECONDS_OF_SILENCE, MOST_SECONDS_OF_SILENCE = 60.0, 600.0
"""While nothing comes in."""
MOST_NAMED = 4


class Progress(LoggerCallback):
    """Counts what the recorder, which Ray calls before it, has written."""

    def __init__(
        self,
        record: SweepRecord,
        concurrent: int,
        console: Console,
        caps: Caps,
        seconds: Callable[[], float],
        waiting: Callable[[], int],
    ) -> None:
        """
        Args:
            caps: what the sweep may take.
            seconds: for how long trials have run by now, in all runs of the command.
            waiting: how many trials wait for a node to have room for them.
        """
        self._record, self._console, self._caps, self._seconds = record, console, caps, seconds
        self._waiting = waiting
        self._num_trials = record.num_samples + self._num_replicates(record) - len(record.missing)
        ended = [trial for trial in record.trials if not trial.is_open]
        self._paused = {trial.number for trial in ended if trial.is_paused}
        self._done = len(ended)
        """Those that are paused, too: who of them goes on is not known before."""
        self._failed = {trial.number for trial in ended if trial.failure}
        self._epochs_of_done = sum(len(trial.rows) for trial in ended)
        self._epochs = sum(len(trial.rows) for trial in record.trials)
        self._leader = Leader(record.objective)
        for trial in record.trials:
            if (best := record.best_row(trial)) is not None:
                self._leader.hear(trial.number, best)
        self._trials = {
            trial.number: self._progress_of(trial.number, trial.config, len(trial.rows)) for trial in record.trials
        }
        self._slots: list[int | None] = [None] * min(concurrent, self._num_trials)
        self._pace = Pace()
        self._declared, self._has_said_undeclared = record.metrics.keys(), False
        self._live: Live | None = None
        self._silence = SECONDS_OF_SILENCE
        self._is_line_stale = False
        """Whether trials have been paused since a line was printed: each would be one too many."""

    @staticmethod
    def _num_replicates(record: SweepRecord) -> int:
        """How many there are, or will be at least once the search is over, where its settings differ."""
        top = min(record.settings["replicate"], record.num_samples - 1)
        return max(len(record.replicate_numbers), top + 1 if top > 0 else 0)

    def __getstate__(self) -> dict[str, Any]:
        """Ray pickles the callbacks it was given; a terminal cannot be."""
        return {}

    def begin(self) -> None:
        self._started = self._last_line = time.monotonic()
        if self._console.is_terminal:
            self._reflow = Reflow(self._console)
            self._live = Live(get_renderable=self._panel, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def log_trial_start(self, trial: Any) -> None:
        number = number_of(trial)
        if number in self._slots:
            return
        if number in self._paused | self._failed:
            self._paused.discard(number)
            self._failed.discard(number)
            self._done -= 1
            self._epochs_of_done -= self._trials[number].epochs
        # A further seed of a finalist is one that nobody could know of before.
        self._num_trials = max(self._num_trials, number + 1 - len(self._record.missing))
        self._trials.setdefault(number, self._progress_of(number, dict(trial.config), 0))
        if None not in self._slots:
            self._slots.append(None)
        self._slots[self._slots.index(None)] = number

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        number = number_of(trial)
        worker = result["node_ip"], result["pid"]
        self._pace.heard(worker, time.monotonic(), is_epoch=FAILURE not in result)
        if NOTE in result:
            self._console.print(f"trial {number}: {result[NOTE]}")
        if FAILURE in result and PAUSED in result:
            pass  # said by whoever laid it down
        elif FAILURE in result:
            self._failed.add(number)
            failure = result[FAILURE]
            self._console.print(f"trial {number} {failure['kind']}: {failure['cause']}")
        else:
            self._leader.hear(number, result)
            self._say_undeclared(number, result)
            before = self._trials[number]
            epochs = max(before.epochs, result[contract.EPOCH])  # epochs after a lost worker come twice
            self._epochs += epochs - before.epochs
            self._trials[number] = self._progress_of(number, before.config, epochs)
        self._silence = SECONDS_OF_SILENCE
        if not self._live and time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._print_line()

    def _say_undeclared(self, number: int, result: dict[str, Any]) -> None:
        """Once a sweep, of the first trial that reports such a metric."""
        names = [name for name in result if contract.is_metric(name) and name not in self._declared]
        if names and not self._has_said_undeclared:
            self._has_said_undeclared = True
            named = [*names[:MOST_NAMED], *([f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else [])]
            self._console.print(
                f"trial {number} reports {listed(named)}, not among the metrics that its kind of run declares: it is "
                "recorded and shown all the same, but trials can be ranked by declared ones alone"
            )

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """It waits for another worker."""
        if (number := number_of(trial)) in self._slots:
            self._slots[self._slots.index(number)] = None

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """A long epoch, or a long wait, has its line, too: one a minute, then ever less often."""
        if not self._live and time.monotonic() - self._last_line > self._silence:
            self._print_line()
            self._silence = min(2 * self._silence, MOST_SECONDS_OF_SILENCE)

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        number = number_of(trial)
        self.log_trial_start(trial)  # if Ray never said so: its worker could not be made
        if failed:
            self._failed.add(number)
        self._slots[self._slots.index(number)] = None
        if trial.last_result.get(PAUSED) == LAID_DOWN:
            return
        self._done += 1
        self._epochs_of_done += self._trials[number].epochs
        if PAUSED in trial.last_result:
            self._paused.add(number)
            self._is_line_stale = True
        elif not self._live:
            self._print_line()

    def end(self) -> None:
        if self._live:
            self._live.stop()
        elif self._is_line_stale:
            self._print_line()

    def _progress_of(self, number: int, config: Any, epochs: int) -> TrialProgress:
        best = self._leader.best(number)
        objective = self._record.objective
        score = float(best[objective.metric]) if best else None
        return TrialProgress(number, config, epochs, score, violates=best is not None and objective.excess(best) > 0)

    def _print_line(self) -> None:
        self._last_line, self._is_line_stale = time.monotonic(), False
        self._console.print(sentence(self._now(at_once=True)))

    def _panel(self) -> Group:
        """Called by rich just before it draws over what it drew last."""
        shown = panel(self._now(), self._console.height)
        self._reflow.before_drawing(shown)
        return shown

    def _now(self, at_once: bool = False) -> SweepProgress:
        leader, first = self._leader.number(at_once), self._trials.get(0)
        best = None if leader is None else self._trials[leader]
        first = first if first and first.score is not None else None
        gain = sign(self._record.mode) * ((best.score or 0.0) - (first.score or 0.0)) if best and first else None
        running = tuple(None if number is None else self._trials[number] for number in self._slots)
        busy, to_come = sum(trial is not None for trial in running), self._num_trials - self._done
        soon_busy = min(len(self._slots), to_come)
        return SweepProgress(
            elapsed_s=time.monotonic() - self._started,
            done=self._done,
            failed=len(self._failed),
            waiting=self._waiting(),
            paused=len(self._paused),
            num_trials=self._num_trials,
            num_epochs=self._record.num_epochs,
            running=running,
            best=best,
            first=first,
            gain=gain,
            epochs_per_second=self._pace.epochs_per_second(busy),
            seconds_left=self._seconds_left(soon_busy),
            spent=self._spent(),
        )

    def _spent(self) -> tuple[str, ...]:
        epochs = [f"{self._epochs:,}/{self._caps.epochs:,} epochs"] if self._caps.epochs is not None else []
        of_time = self._caps.seconds
        times = [f"{clock(self._seconds())}/{clock(of_time)} of training"] if of_time is not None else []
        return (*epochs, *times)

    def _seconds_left(self, workers: int) -> float | None:
        """Until the last trial has ended, or a cap is used up."""
        epochs, caps = self._epochs_to_come(), self._caps
        if caps.epochs is not None:
            epochs = min(epochs, max(0, caps.epochs - self._epochs))
        left = self._pace.seconds_left(epochs, workers)
        return left if left is None or caps.seconds is None else min(left, max(0.0, caps.seconds - self._seconds()))

    def _epochs_to_come(self) -> float:
        """Trials that are not done are taken to be as long as those that are: some will be stopped early."""
        per_trial = self._epochs_of_done / self._done if self._done else self._record.num_epochs
        of_running = sum(self._trials[number].epochs for number in self._slots if number is not None)
        return max(0.0, (self._num_trials - self._done) * per_trial - of_running)
