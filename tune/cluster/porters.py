"""On each node but the driver's an actor of Ray's, without a CPU of its own, that sends the checkpoints made there."""

import time
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayError
from ray.tune import Callback
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from results.mirror.elsewhere import Elsewhere
from results.mirror.porter import Porter
from tune.cluster.nodes import nodes

SECONDS_BETWEEN_LOOKS = 5.0
SECONDS_TO_ANSWER = 10.0
SECONDS_BETWEEN_WORDS = 60.0


class Porters(Callback):
    """One on each other node: those that join get theirs within seconds."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere
        self._porters: dict[str, Any] = {}
        """By their nodes' ids."""
        self._looked_at = -SECONDS_BETWEEN_LOOKS

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks."""
        return {}

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        if time.monotonic() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        for node in nodes():
            if node.id != self._elsewhere.node and node.id not in self._porters:
                there = NodeAffinitySchedulingStrategy(node.id, soft=False)
                porter = ray.remote(Porter).options(num_cpus=0, max_restarts=3, scheduling_strategy=there)
                self._porters[node.id] = porter.remote(self._elsewhere, node.id)

    def end(self, limit_s: float, is_interrupted: Callable[[], bool], say: Callable[[str], object]) -> None:
        """Wait until all is sent, but not for ever, and end them."""
        began = time.monotonic()
        says_at = began + SECONDS_TO_ANSWER
        while (waiting := self._waiting()) and time.monotonic() - began < limit_s and not is_interrupted():
            if time.monotonic() > says_at:
                say(f"Waits until other nodes have sent what they saved: {waiting} checkpoints are to come")
                says_at = time.monotonic() + SECONDS_BETWEEN_WORDS
            time.sleep(0.2)
        ending = [porter.end.remote() for porter in self._porters.values()]
        if ending:
            ray.wait(ending, num_returns=len(ending), timeout=SECONDS_TO_ANSWER)
        for porter in self._porters.values():
            ray.kill(porter)
        self._porters.clear()

    def _waiting(self) -> int:
        """How many checkpoints are to be sent; a node that is lost sends none."""
        alive = {node.id for node in nodes()}
        asked = [porter.waiting.remote() for node, porter in self._porters.items() if node in alive]
        waiting = 0
        for answer in asked:
            try:
                waiting += ray.get(answer, timeout=SECONDS_TO_ANSWER)
            except RayError:
                continue
        return waiting
