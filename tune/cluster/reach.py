"""Which nodes reach what trials write to: each is asked once, in a task of its own, before a trial may count on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from results.storage.reaching import prove, shared_folder, why_not_folder, why_not_store, why_not_sweep
from results.storage.store import Store
from trainable import contract
from trainable.contract import UserError
from tune.cluster.nodes import Node, nodes

SECONDS_TO_ANSWER = 90.0
"""A node starts a process for that, and may have our code to fetch."""


def others(there: Sequence[Node]) -> list[Node]:
    """The nodes besides that of this process, which sees what this process does."""
    own = ray.get_runtime_context().get_node_id()
    return [node for node in there if node.id != own]


def require_reached(storage: Path, store: Store | None, there: Sequence[Node]) -> None:
    """Refuse to begin where a node does not reach what trials write to.

    Args:
        storage: where sweeps lie on this machine.
        store: where they are kept besides: then other nodes need that alone.
        there: nodes on which trials may run.

    Raises:
        UserError: it names the first such node, or tells that this machine does not.
    """
    if store:
        prove(store)
    asked = others(there)
    if not asked:
        return
    if store:
        for node, why in _answers({node: _ask(node, why_not_store, store) for node in asked}):
            if why:
                raise UserError(f"{node.in_words} does not reach the store: {why}")
        return
    with shared_folder(storage) as shared:
        asking = {node: _ask(node, why_not_folder, shared.folder, shared.mark, node.id) for node in asked}
        for node, answer in _answers(asking):
            if why := answer or shared.why_not_answered(node.id):
                raise UserError(
                    f"{node.in_words} does not reach --storage_path {storage}: {why}; have it mounted there, too, or "
                    "give a store that every node reaches, such as s3://BUCKET/FOLDER"
                )


class Newcomers:
    """Asks nodes that join while a sweep runs, and waits for none of them."""

    def __init__(self, sweep: Path, store: Store | None) -> None:
        """
        Args:
            sweep: its folder.
            store: as in `require_reached`.
        """
        self._sweep, self._store = sweep, store
        self._asked: dict[Node, Any] = {}

    def __call__(self, joined: Sequence[Node]) -> dict[Node, str]:
        """Those that have answered since this was called last: empty, or why a node does not reach it.

        Args:
            joined: nodes that have not been asked yet.
        """
        for node in joined:
            if self._store:
                self._asked[node] = _ask(node, why_not_store, self._store)
            else:
                settings = (self._sweep / contract.SWEEP_FILE).read_text(encoding="utf-8")
                self._asked[node] = _ask(node, why_not_sweep, self._sweep, settings, node.id)
        answered = {node: asked for node, asked in self._asked.items() if ray.wait([asked], timeout=0)[0]}
        for node in answered:
            del self._asked[node]
        return dict(_answers(answered))


def _ask(node: Node, question: Any, *given: Any) -> Any:
    """A task on that node and no other, which takes none of its CPUs."""
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return ray.remote(num_cpus=0, max_retries=0)(question).options(scheduling_strategy=there).remote(*given)


def _answers(asked: dict[Node, Any]) -> list[tuple[Node, str]]:
    """What each has answered; those that have left meanwhile are passed over."""
    if asked:
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=SECONDS_TO_ANSWER)
    found = []
    for node, answer in asked.items():
        try:
            found.append((node, ray.get(answer, timeout=0)))
        except RayError as error:  # of a node that is lost, one that is too busy, or one that lacks a package
            if node in nodes():
                found.append((node, f"it does not answer ({type(error).__name__})"))
    return found
