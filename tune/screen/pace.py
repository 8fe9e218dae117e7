"""How fast a sweep goes, by the epochs of workers that had trained one before.

The first epoch of a worker's process takes its imports and what it loads, too, and so ten times as long or more.
"""

import statistics
from collections import deque
from collections.abc import Hashable

EPOCHS_OF_PACE = 256
"""The pace is that of the last so many."""


class Pace:
    """Hears from workers as they go."""

    def __init__(self) -> None:
        self._last_heard_s: dict[Hashable, float] = {}
        self._epochs_s: deque[float] = deque(maxlen=EPOCHS_OF_PACE)

    def heard(self, worker: Hashable, at_s: float, *, is_epoch: bool = True) -> None:
        """Count what a worker did since it was heard last, be it of another trial: nothing, if that is the first.

        Args:
            at_s: when, by a clock that only goes on.
            is_epoch: or what ended a trial.
        """
        if is_epoch and worker in self._last_heard_s:
            self._epochs_s.append(at_s - self._last_heard_s[worker])
        self._last_heard_s[worker] = at_s

    def epochs_per_second(self, workers: int) -> float | None:
        """Of so many workers at a time; None while nothing is known."""
        mean_s = statistics.fmean(self._epochs_s) if self._epochs_s else 0.0
        return workers / mean_s if mean_s and workers else None

    def seconds_left(self, epochs: float, workers: int) -> float | None:
        """For so many epochs, by so many workers at a time; None while nothing is known."""
        pace = self.epochs_per_second(workers)
        return epochs / pace if pace else None
