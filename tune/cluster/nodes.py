"""The machines that a Ray cluster has, and how many trials fit on them: node by node, since no trial spans two."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ray

ROUNDING = 10_000
"""Ray counts resources in ten-thousandths; so do we, since 1 // 0.2 is 4."""


@dataclass(frozen=True)
class Node:
    """A machine, and what Ray may give away of it."""

    id: str
    """Ray's own, in hexadecimal digits; a label selector knows it as "ray.io/node-id"."""
    name: str
    address: str
    cpus: float
    gpus: float

    @property
    def in_words(self) -> str:
        return f"node {self.name} ({self.address})"

    def fitting(self, cpus: float, gpus: float) -> int:
        """How many trials fit on it, when nothing else runs there; a share of a GPU lies on one card."""
        of_cpus = times(self.cpus, cpus)
        if not gpus:
            return of_cpus
        of_gpus = int(self.gpus) * times(1, gpus) if gpus < 1 else times(self.gpus, gpus)
        return min(of_cpus, of_gpus)


def nodes() -> tuple[Node, ...]:
    """Those that are there now, as Ray tells."""
    return tuple(
        Node(
            there["NodeID"],
            _name(there),
            there["NodeManagerAddress"],
            there["Resources"].get("CPU", 0.0),
            there["Resources"].get("GPU", 0.0),
        )
        for there in ray.nodes()
        if there["Alive"]
    )


def _name(there: dict[str, Any]) -> str:
    """What it was started as (`ray start --node-name`); Ray takes its address where nobody says."""
    name, address = str(there["NodeName"]), there["NodeManagerAddress"]
    return str(there["NodeManagerHostname"]) if name == address else name


def fitting(nodes: Iterable[Node], cpus: float, gpus: float) -> int:
    """How many trials fit on all of them together."""
    return sum(node.fitting(cpus, gpus) for node in nodes)


def times(whole: float, part: float) -> int:
    """How often a part fits into a whole."""
    return round(whole * ROUNDING) // round(part * ROUNDING)
