"""What a trial waits for that has no worker yet, in words: what it needs, what there is, and who holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ray

from results.listing.formatting import counted, listed
from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node

MOST_NAMED = 4


@dataclass(frozen=True)
class Free:
    """What nobody holds of a node."""

    cpus: float
    gpus: float


def free_by_node() -> dict[str, Free]:
    """By the nodes' ids, as Ray tells."""
    there = ray._private.state.available_resources_per_node()
    return {node: Free(free.get("CPU", 0.0), free.get("GPU", 0.0)) for node, free in there.items()}


def in_words(
    waiting: Sequence[int],
    num_running: int,
    allotment: Allotment,
    there: Sequence[Node],
    free: Mapping[str, Free],
) -> str:
    """Why trials do not run though they were handed out.

    Args:
        waiting: their numbers.
        num_running: how many trials of this sweep have workers.
        there: the nodes of the cluster.
        free: by the ids of nodes.
    """
    wish = needed(allotment)
    subject = f"{_trials(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for {wish}"
    usable = allotment.usable(there)
    if not usable:
        return f"{subject}, which no node has: {most_of_one(allotment, there)}"
    lacks_gpus = allotment.gpus_per_trial and not any(
        free.get(node.id, Free(0, 0)).gpus >= allotment.gpus_per_trial for node in usable
    )
    if lacks_gpus:
        what, each = "GPU", allotment.gpus_per_trial
        total, left = sum(node.gpus for node in usable), sum(free[node.id].gpus for node in usable if node.id in free)
    else:
        what, each = "CPU core", allotment.cpus_per_trial
        total, left = sum(node.cpus for node in usable), sum(free[node.id].cpus for node in usable if node.id in free)
    ours = num_running * each
    others = max(0.0, total - left - ours)
    parts = [f"this sweep's other trials hold {ours:g}"] if ours else []
    parts += [f"others hold {others:g}"] if others else []
    of_which = f", of which {listed(parts)}" if parts else ""
    where = f"{counted(len(usable), 'node')} on which a trial fits {'has' if len(usable) == 1 else 'have'}"
    return f"{subject}: the {where} {total:g} {what}{'' if total == 1 else 's'}{of_which}"


def needed(allotment: Allotment) -> str:
    """What each trial needs of one node."""
    parts = [_amount(allotment.cpus_per_trial, "CPU core")]
    parts += [_amount(allotment.gpus_per_trial, "GPU")] if allotment.gpus_per_trial else []
    return listed(parts)


def most_of_one(allotment: Allotment, there: Sequence[Node]) -> str:
    """What the best of the nodes has that trials may run on."""
    allowed = [node for node in there if node.id not in allotment.set_aside]
    best = max(allowed, key=lambda node: (node.gpus, node.cpus) if allotment.gpus_per_trial else (node.cpus, 0.0))
    gpus = f" and {_amount(best.gpus, 'GPU')}" if best.gpus or allotment.gpus_per_trial else ""
    return f"the best, {best.in_words}, has {_amount(best.cpus, 'CPU core')}{gpus}"


def _amount(number: float, what: str) -> str:
    shown = "no" if number == 0 else f"{number:g}"
    return f"{shown} {what}{'' if number in (1, 0) or number < 1 else 's'}"


def _trials(numbers: Sequence[int]) -> str:
    if len(numbers) > MOST_NAMED:
        return f"{len(numbers)} trials (the first: {numbers[0]})"
    return f"trial{'' if len(numbers) == 1 else 's'} {listed([str(number) for number in numbers])}"
