"""When to stop: a trial after its last epoch, the whole sweep when its first trials all fail the same way."""

from collections.abc import Callable
from typing import Any

from ray.tune.stopper import Stopper

from trainable import contract


class SweepStopper(Stopper):
    def __init__(self, num_epochs: int, is_hopeless: Callable[[], bool]) -> None:
        self._num_epochs, self._is_hopeless = num_epochs, is_hopeless

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its stopper, and this one is built anew for each start."""
        return {}

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return bool(result[contract.EPOCH] >= self._num_epochs)

    def stop_all(self) -> bool:
        return self._is_hopeless()
