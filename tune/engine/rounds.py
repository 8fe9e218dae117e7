"""A round: one `Tuner.fit` over what is left of a sweep.

What a Tuner cannot change while it runs (what a trial gets, where trials may run, how much Ray holds of those that have
ended) a further one can. So a round ends: each running trial is laid down when its epoch is done, and goes on in the
next round as an interrupted one does at a resume.
"""

from typing import Any

from ray.tune import Callback

from tune.cluster.allotment import Allotment
from tune.engine.ray_trials import next_to_start, trials_without_room

TRIALS = 500
"""Of a round: what Ray (2.60) keeps of a trial that has ended does not add up beyond them (ray issue 64231)."""


class Round(Callback):
    """Follows which trials are amid an epoch, as a callback of Ray's, and knows whether the round is to end."""

    def __init__(self, allotment: Allotment) -> None:
        self.allotment, self._ended = allotment, 0
        self.handed_out: set[int] = set()
        """The numbers of those that the searcher has handed out: only their records have changed since it began."""
        self.next_allotment: Allotment | None = None
        """That of the round that comes after this one; None where none is to come."""
        self.again: set[int] = set()
        """The numbers of trials that failed for no fault of their own: they are to run again after it."""
        self._training: set[str] = set()
        self._gives_up = False
        self._loop: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks."""
        return {}

    def end(self, allotment: Allotment) -> None:
        """Have it end, and another come with that allotment."""
        self.next_allotment = allotment

    def give_up(self) -> None:
        """Have it end, and no other come: no trial can run any more."""
        self._gives_up = True

    @property
    def is_ending(self) -> bool:
        return self._gives_up or self.next_allotment is not None

    @property
    def is_over(self) -> bool:
        """Whether it is to end and no trial is amid an epoch; one that waits for a worker is not."""
        return self.is_ending and not self._training

    def follow(self, loop: Any) -> None:
        """Ray's loop over trials, which callbacks do not get to see; the scheduler does."""
        self._loop = loop

    @property
    def waiting(self) -> list[int]:
        """The numbers of trials that Ray has no room for yet."""
        return trials_without_room(self._loop) if self._loop else []

    @property
    def next_to_start(self) -> Any:
        """The trial of Ray's that is to have the next free worker; None where all that wait have one to come."""
        return next_to_start(self._loop) if self._loop else None

    @property
    def num_running(self) -> int:
        """How many trials have a worker."""
        return len(self._training)

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._training.add(trial.trial_id)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._training.discard(trial.trial_id)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._end_trial(trial)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._end_trial(trial)

    def _end_trial(self, trial: Any) -> None:
        self._training.discard(trial.trial_id)
        self._ended += 1
        if self._ended >= TRIALS and not self.is_ending:
            self.end(self.allotment)
