"""How many trials share a GPU: by what one of them took of it, and fewer once one had not enough."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainable.runs import GpuUse
from tune.cluster.nodes import ROUNDING, Node, times

HEAD_ROOM = 1.25
"""By which a trial is taken to need more memory than the one that was measured. Others differ in what is searched, such
as a group's size; later epochs and fragments take more; and a process takes some that torch does not count. It need not
cover all that can happen: a packing that was too dense costs an epoch and is halved, one that was too loose costs its
part of the throughput in every epoch."""


@dataclass(frozen=True)
class Packed:
    trials_per_gpu: int
    limit: str
    """What lets no more share it."""


def packed(use: GpuUse, trials_per_gpu_by_cpus: int) -> Packed:
    """How many trials such as the one that was measured are to share a GPU; at least one.

    Processes take turns on a GPU, so that beyond 1 / busy of them each only waits longer.

    Args:
        trials_per_gpu_by_cpus: as many as the nodes' CPU cores can feed.
    """
    limits = {
        "its memory": int(use.total_mb // (use.peak_mb * HEAD_ROOM)),
        "the CPU cores beside it": trials_per_gpu_by_cpus,
    }
    if use.busy:
        limits["its time"] = math.ceil(1 / use.busy)
    limit = min(limits, key=lambda name: limits[name])
    return Packed(max(1, limits[limit]), limit)


def by_cpus(nodes: Sequence[Node], cpus_per_trial: float) -> int:
    """How many trials a GPU's share of its node's cores can feed, on the node where these are most."""
    return max((math.ceil(times(node.cpus, cpus_per_trial) / node.gpus) for node in nodes if node.gpus >= 1), default=1)


def share_of(trials_per_gpu: int) -> float:
    """What each gets of a GPU, as Ray counts, so that all fit."""
    return ROUNDING // trials_per_gpu / ROUNDING


def sharing(gpus_per_trial: float) -> int:
    """How many trials with such a share are on a GPU when it is full; 1 with a whole one or several."""
    return max(1, times(1, gpus_per_trial)) if gpus_per_trial else 1
