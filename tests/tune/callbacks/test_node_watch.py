"""What is told of workers and nodes, and done about them; the Ray of this process is a cluster of one node."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from ray.exceptions import ActorDiedError, ActorUnavailableError
from ray_trial import raised_in_worker, trial_of_ray
from sweep_here import ray_here

from results.record.placement import read_placement
from trainable import contract
from trainable.ray_trainable import WorkerSpent
from tune.callbacks import node_watch
from tune.callbacks.node_watch import NodeWatch
from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node
from tune.engine.rounds import Round

A, B = Node("aaaa", "a", "10.0.0.1", 4, 2), Node("bbbb", "b", "10.0.0.2", 4, 2)


class Watched:
    """A watch over nodes that are said to be there."""

    def __init__(self, sweep: Path, there: list[Node], monkeypatch: pytest.MonkeyPatch, gpus: float = 1.0) -> None:
        ray_here()
        self.sweep, self.there, self.said = sweep, there, list[str]()
        clock = itertools.count(0, 10)  # seconds: each look is 10 s after the last one
        monkeypatch.setattr(node_watch, "nodes", lambda: tuple(self.there))
        monkeypatch.setattr(node_watch.time, "monotonic", lambda: float(next(clock)))
        self.round = Round(Allotment(1, gpus))
        self.why_not: dict[Node, str] = {}
        self.watch = NodeWatch(sweep, self.round, self._reach, self.said.append)
        self.watch.begin_round(self.round)

    def _reach(self, joined: Sequence[Node]) -> dict[Node, str]:
        """Each answers at once."""
        return {node: self.why_not.get(node, "") for node in joined}

    def look(self) -> None:
        self.watch.on_step_begin(0, [])

    def fail(self, number: int, node: Node) -> None:
        failure = {"kind": contract.ERROR, "epoch": 1, "cause": "RuntimeError: ECC", "node": node.id}
        self.watch.on_trial_result(0, [], trial_of_ray(self.sweep, number), {contract.FAILURE: failure})

    def do_epoch(self, number: int, node: Node) -> None:
        row = {contract.EPOCH: 1, contract.NODE: node.id}
        self.watch.on_trial_result(0, [], trial_of_ray(self.sweep, number), row)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 1e-3}, (0.3,), ended=False)])


def test_a_worker_that_is_lost_where_there_is_one_node_is_told_at_once(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, trial = Watched(sweep, [A], monkeypatch), trial_of_ray(sweep)
    watched.watch.on_trial_start(0, [], trial)
    trial.handle_error(ActorDiedError())
    watched.watch.on_trial_recover(0, [], trial)
    trial.handle_error(raised_in_worker(ModuleNotFoundError("No module named 'torch'")))
    watched.watch.on_trial_recover(0, [], trial)
    trial.handle_error(raised_in_worker(WorkerSpent("a GPU failed under it")))
    watched.watch.on_trial_recover(0, [], trial)
    assert watched.said == [
        "trial 0: its worker died; it goes on from its newest checkpoint",
        "trial 0: its worker could not be started; another is tried",
        "trial 0: its worker can train no more (a GPU failed under it); another is started",
    ]


def test_a_trial_whose_worker_is_lost_as_it_is_handed_out_runs_again(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray, which tries others again, gives such a trial up."""
    watched, lost, failed = Watched(sweep, [A], monkeypatch), trial_of_ray(sweep), trial_of_ray(sweep, 1)
    lost.max_failures = failed.max_failures = 1
    failed.handle_error(ActorDiedError())
    failed.handle_error(ActorDiedError())  # and no third time
    watched.watch.on_trial_error(0, [], failed)
    assert not watched.round.is_ending
    lost.handle_error(ActorUnavailableError("its node has left", None))
    watched.watch.on_trial_error(0, [], lost)
    assert watched.round.again == {0}
    assert watched.round.next_allotment == watched.round.allotment
    assert watched.said == ["trial 0: its worker could not be started; another is tried"]


def test_a_node_that_leaves_and_one_that_joins_are_told(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(sweep, [A], monkeypatch)
    watched.look()
    watched.there = [A, B]
    watched.look()
    watched.there = [B]
    watched.look()
    assert watched.said == [
        "node b (10.0.0.2) has joined: 2 more trials at a time",
        "node a (10.0.0.1) has left",
    ]


def test_a_node_that_joins_and_does_not_reach_what_trials_write_to_is_set_aside(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(sweep, [A], monkeypatch)
    watched.why_not[B] = "it does not see what is written there (No such file or directory)"
    watched.there = [A, B]
    watched.look()
    why = f"it does not reach what trials write to: {watched.why_not[B]}"
    assert watched.said == [f"node b (10.0.0.2) has joined and is set aside: {why}"]
    (aside,) = read_placement(sweep).set_aside
    assert (aside.node, aside.failed, aside.why) == ("bbbb", (), why)
    assert watched.round.next_allotment
    assert watched.round.next_allotment.set_aside == {"bbbb"}


def test_a_node_that_fails_trial_after_trial_is_set_aside_and_its_trials_run_again(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(sweep, [A, B], monkeypatch)
    watched.look()
    watched.fail(0, A)
    watched.do_epoch(3, B)
    watched.do_epoch(4, B)
    watched.fail(1, A)
    assert not watched.round.is_ending
    watched.fail(2, A)
    why = "trials 0, 1 and 2 failed there one after the other while 2 trials did well elsewhere"
    assert watched.said == [
        f"node a (10.0.0.1) is set aside: {why}; they run again elsewhere, and it gets no more trials"
    ]
    assert watched.round.next_allotment == Allotment(1, 1.0, set_aside=frozenset({A.id}))
    watched.fail(5, A)  # it had begun before
    assert watched.round.again == {0, 1, 2, 5}
    (aside,) = read_placement(sweep).set_aside
    assert (aside.node, aside.name, aside.address, aside.failed, aside.why) == (A.id, "a", "10.0.0.1", (0, 1, 2), why)


def test_a_sweep_that_no_node_has_room_for_any_more_ends(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(sweep, [A], monkeypatch)
    watched.look()
    watched.there = [Node("head", "head", "10.0.0.9", 4, 0)]
    watched.look()
    watched.look()
    assert not watched.round.is_over
    watched.look()  # 20 s after the node has left
    lacking = "no node has 1 CPU core and 1 GPU for a trial: the best, node head (10.0.0.9), has 4 CPU cores and no GPU"
    assert watched.said == [
        "node a (10.0.0.1) has left",
        f"{lacking}; nothing will bring one, so the sweep ends",
    ]
    assert watched.round.is_over
    assert watched.round.next_allotment is None
