"""What becomes of the nodes while trials run on them, looked at by the clock and not as results come.

Nodes that leave and join are told, and what was lost with them; what a trial waits for; a node that fails trial after
trial is set aside. A sweep that no node has room for any more ends, unless an autoscaler may bring one.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback

from results.listing.formatting import counted, listed
from results.record.placement import add_set_aside
from trainable import contract
from trainable.contract import FAILURE, PAUSED
from trainable.ray_trainable import WorkerSpent
from tune.cluster.allotment import Allotment
from tune.cluster.autoscaling import cannot_be_brought
from tune.cluster.nodes import Node, fitting, nodes
from tune.cluster.waiting import free_by_node, in_words, most_of_one, needed
from tune.engine.ray_trials import last_error, node_of_worker, number_of, was_given_up_early
from tune.engine.rounds import Round
from tune.searching.failing_nodes import BadNode, FailingNodes

SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_TO_FIND_OUT = 6.0
"""For how long a lost worker's node may still be taken for alive: Ray asks each every few seconds."""
SECONDS_OF_WAITING = 20.0
"""After which it is told what a trial waits for, or that no node can take one."""
SECONDS_BETWEEN_TELLINGS = 600.0


@dataclasses.dataclass(frozen=True)
class _Lost:
    """A worker that Ray has lost."""

    number: int
    node: str
    epoch: int
    had_started: bool
    when: float


class NodeWatch(Callback):
    """Lives through all rounds of a sweep."""

    def __init__(
        self,
        folder: Path,
        first_round: Round,
        reach: Callable[[Sequence[Node]], Mapping[Node, str]],
        say: Callable[[str], object],
    ) -> None:
        """
        Args:
            folder: the sweep's.
            reach: told of nodes that have joined, gives for those that have answered meanwhile why they do not reach
                what trials write to; empty for those that do.
            say: called with a sentence for all that happens.
        """
        self._folder, self._round, self._reach, self._say = folder, first_round, reach, say
        self._failing = FailingNodes()
        self._known = {node.id: node for node in nodes()}
        self._there = dict(self._known)
        """Those that were there at the last look."""
        self._next_look = self._last_told = -math.inf
        self._waits_since: dict[int, float] = {}
        self._no_room_since: float | None = None
        self._lost: list[_Lost] = []
        self._failed: set[int] = set()
        self._started: set[int] = set()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its callbacks."""
        return {}

    def begin_round(self, this_round: Round) -> None:
        self._round = this_round
        self._waits_since = {}
        self._failed -= this_round.again

    @property
    def waiting(self) -> int:
        """How many trials have been waiting for room for some seconds."""
        since = time.monotonic() - SECONDS_BETWEEN_LOOKS
        return sum(when < since for when in self._waits_since.values())

    @property
    def num_usable(self) -> int:
        """How many nodes may be given trials."""
        return len(self._usable)

    @property
    def _coming(self) -> Allotment:
        """That of the next round, where this one is to end."""
        return self._round.next_allotment or self._round.allotment

    @property
    def _usable(self) -> list[Node]:
        return self._coming.usable([*self._there.values()])

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Ray calls it ten times a second."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + SECONDS_BETWEEN_LOOKS
            self._look(now)

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._started.add(number_of(trial))
        self._waits_since.pop(number_of(trial), None)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        number = number_of(trial)
        if FAILURE not in result:
            self._failing.did_epoch(number, result[contract.NODE], result[contract.EPOCH])
        elif PAUSED not in result:
            self._failed.add(number)
            failure = result[FAILURE]
            if failure["node"] in self._coming.set_aside:  # it had been handed out before
                self._round.again.add(number)
            elif failure["kind"] == contract.ERROR:
                self._failing.failed(number, failure["node"], failure["epoch"])
                self._set_aside_bad_node()

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._started.discard(number_of(trial))
        if number_of(trial) not in self._failed and contract.NODE in trial.last_result:
            self._failing.ended_well(trial.last_result[contract.NODE])

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number, (error, _) = number_of(trial), last_error(trial)
        if isinstance(error, WorkerSpent):
            self._say(f"trial {number}: its worker can train no more ({error}); another is started")
        else:
            self._lose(trial, error)

    def _lose(self, trial: Any, error: BaseException | None) -> None:
        number = number_of(trial)
        epoch, had_started = trial.last_result.get(contract.EPOCH, 0) + 1, number in self._started
        self._started.discard(number)
        self._lost.append(_Lost(number, node_of_worker(error), epoch, had_started, time.monotonic()))
        if len(self._there) == 1:  # that of the driver
            self._tell_of_lost_workers(math.inf)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._failed.add(number_of(trial))
        if was_given_up_early(trial):
            self._lose(trial, last_error(trial)[0])
            self._round.again.add(number_of(trial))
            self._round.end(self._coming)

    def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
        self._tell_of_lost_workers(math.inf)

    def _look(self, now: float) -> None:
        before, self._there = self._there, {node.id: node for node in nodes()}
        self._known |= self._there
        left = [node for node in before.values() if node.id not in self._there]
        for node in left:
            self._tell_of_left(node)
        joined = [node for node in self._there.values() if node.id not in before and self._fitting(node)]
        for node, why_not in self._reach(joined).items():
            self._tell_of_joined(node, why_not)
        self._tell_of_lost_workers(now)
        self._set_aside_bad_node()
        self._tell_of_waiting(now)

    def _tell_of_joined(self, node: Node, why_not: str) -> None:
        if not why_not:
            self._say(f"{node.in_words} has joined: {counted(self._fitting(node), 'more trial')} at a time")
            return
        why = f"it does not reach what trials write to: {why_not}"
        self._say(f"{node.in_words} has joined and is set aside: {why}")
        self._set_aside(node, (), why)

    def _fitting(self, node: Node) -> int:
        allotment = self._round.allotment
        return fitting(allotment.usable([node]), allotment.cpus_per_trial, allotment.gpus_per_trial)

    def _tell_of_left(self, node: Node) -> None:
        lost = sorted({lost.number for lost in self._lost if lost.node == node.id})
        self._lost = [lost for lost in self._lost if lost.node != node.id]
        goes_on = " goes on from its newest checkpoint" if len(lost) == 1 else " go on from their newest checkpoints"
        with_it = f", and with it the workers of {_trials(lost)}, which{goes_on}" if lost else ""
        self._say(f"{node.in_words} has left{with_it}")

    def _tell_of_lost_workers(self, now: float) -> None:
        """Of those whose node lives, as far as Ray knows by now."""
        for lost in [lost for lost in self._lost if now - lost.when >= SECONDS_TO_FIND_OUT]:
            self._lost.remove(lost)
            node = self._known.get(lost.node)
            where = f" on {node.in_words}" if node and len(self._known) > 1 else ""
            how = "died; it goes on from its newest checkpoint"
            how = how if lost.had_started else "could not be started; another is tried"
            self._say(f"trial {lost.number}: its worker{where} {how}")
            if lost.node in self._there:
                self._failing.failed(lost.number, lost.node, lost.epoch)

    def _set_aside_bad_node(self) -> None:
        usable = self._usable
        bad = self._failing.bad_node([node.id for node in usable])
        if bad is None:
            return
        node = next(node for node in usable if node.id == bad.node)
        why = _why(bad)
        self._say(f"{node.in_words} is set aside: {why}; they run again elsewhere, and it gets no more trials")
        self._round.again |= self._failed.intersection(bad.failed)
        self._set_aside(node, bad.failed, why)

    def _set_aside(self, node: Node, failed: tuple[int, ...], why: str) -> None:
        add_set_aside(self._folder, node.id, node.name, node.address, failed, why)
        self._round.end(dataclasses.replace(self._coming, set_aside=self._coming.set_aside | {node.id}))

    def _tell_of_waiting(self, now: float) -> None:
        waiting = self._round.waiting
        self._waits_since = {number: self._waits_since.get(number, now) for number in waiting}
        has_room = bool(self._usable)
        self._no_room_since = None if has_room else (self._no_room_since or now)
        if not has_room and now - (self._no_room_since or now) >= SECONDS_OF_WAITING:
            self._tell_of_no_room(now)
        long = [number for number, since in self._waits_since.items() if now - since >= SECONDS_OF_WAITING]
        if has_room and long and now - self._last_told >= SECONDS_BETWEEN_TELLINGS:
            self._last_told = now
            there = [*self._there.values()]
            running = self._round.num_running
            self._say(in_words(long, running, self._round.allotment, there, free_by_node()))

    def _tell_of_no_room(self, now: float) -> None:
        allotment, there = self._round.allotment, [*self._there.values()]
        lacking = f"no node has {needed(allotment)} for a trial: {most_of_one(allotment, there)}"
        if not allotment.is_autoscaled:
            self._say(f"{lacking}; nothing will bring one, so the sweep ends")
            self._round.give_up()
        elif cannot_be_brought(allotment.cpus_per_trial, allotment.gpus_per_trial):
            self._say(f"{lacking}, nor has any that the cluster's autoscaler may start, so the sweep ends")
            self._round.give_up()
        elif now - self._last_told >= SECONDS_BETWEEN_TELLINGS:
            self._last_told = now
            self._say(f"{lacking}; waiting for the cluster's autoscaler to start one")


def _trials(numbers: Sequence[int]) -> str:
    return f"trial{'' if len(numbers) == 1 else 's'} {listed([str(number) for number in numbers])}"


def _why(bad: BadNode) -> str:
    did_well = counted(bad.did_well_elsewhere, "trial") + " did well elsewhere"
    failed = f" and {bad.failed_elsewhere} failed" if bad.failed_elsewhere else ""
    return f"{_trials(bad.failed)} failed there one after the other while {did_well}{failed}"
