"""When to stop: a trial after its last epoch, the whole sweep when its first trials all fail the same way."""

from typing import Any

from ray.tune.stopper import Stopper

from trainable import contract
from tune.callbacks.recorder import Recorder


class SweepStopper(Stopper):
    def __init__(self, num_epochs: int, recorder: Recorder) -> None:
        self._num_epochs, self._recorder = num_epochs, recorder

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return bool(result[contract.EPOCH] >= self._num_epochs)

    def stop_all(self) -> bool:
        return self._recorder.common_failure is not None
