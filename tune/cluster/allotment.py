"""What a trial gets and how many fit: CPU cores, GPUs or a share of one, on this machine or on a Ray cluster."""

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ray.tune import PlacementGroupFactory

from trainable.contract import BF16, FP32, TF32, SettingError
from tune.cluster.autoscaling import is_autoscaled
from tune.cluster.cpu_cores import UsableCores
from tune.cluster.nodes import Node, fitting, nodes
from tune.request.settings import AUTO, Auto

NODE_ID = "ray.io/node-id"
"""A label that Ray gives each node."""
SECONDS_BETWEEN_LOOKS = 2.0


@dataclass(frozen=True)
class Allotment:
    """What each trial gets, where, and how many run at a time."""

    cpus_per_trial: float
    gpus_per_trial: float
    max_concurrent_trials: int | None = None
    """The most that the user wants; None: as many as fit."""
    cores: UsableCores | None = None
    """What Ray has of this machine, where it was started for this sweep."""
    set_aside: frozenset[str] = frozenset()
    """Ids of nodes that get no more trials."""
    is_autoscaled: bool = False
    """Whether nodes come when trials wait for them."""
    finds_packing: bool = False
    """Whether how many trials share a GPU is to be found out by the first of them, which has one to itself."""

    def alone(self) -> "Allotment":
        """One trial at a time, with a GPU to itself where it had a share."""
        gpus = float(math.ceil(self.gpus_per_trial))
        return dataclasses.replace(self, gpus_per_trial=gpus, max_concurrent_trials=1, finds_packing=False)

    def idle(self, there: Sequence[Node]) -> list[Node]:
        """Nodes that have cores for a trial, and too few GPUs."""
        return [
            node
            for node in there
            if node.fitting(self.cpus_per_trial, 0) and not node.fitting(self.cpus_per_trial, self.gpus_per_trial)
        ]

    @property
    def placement(self) -> PlacementGroupFactory:
        """What Ray is asked for each trial."""
        bundle = {"CPU": self.cpus_per_trial, "GPU": self.gpus_per_trial}
        if not self.set_aside:
            return PlacementGroupFactory([bundle])
        return PlacementGroupFactory([bundle], bundle_label_selector=[self.elsewhere])

    @property
    def elsewhere(self) -> dict[str, str]:
        """What labels a node is to have, as Ray selects by them: not those of one that is set aside."""
        return {NODE_ID: f"!in({','.join(sorted(self.set_aside))})"} if self.set_aside else {}

    def usable(self, there: Sequence[Node]) -> list[Node]:
        """Those of the nodes on which a trial fits and may run."""
        return [
            node
            for node in there
            if node.id not in self.set_aside and node.fitting(self.cpus_per_trial, self.gpus_per_trial)
        ]

    def room(self, there: Sequence[Node]) -> int:
        """How many trials may run at a time on the nodes that are there; or wait for one that an autoscaler starts.

        It starts none that nobody waits for: there are as many trials as the user wants, or as one more node takes.
        """
        usable = self.usable(there)
        fit = fitting(usable, self.cpus_per_trial, self.gpus_per_trial)
        if self.is_autoscaled:
            of_one = max((node.fitting(self.cpus_per_trial, self.gpus_per_trial) for node in usable), default=1)
            return self.max_concurrent_trials or fit + of_one
        return fit if self.max_concurrent_trials is None else min(fit, self.max_concurrent_trials)


class Room:
    """How many trials may run at a time, by the nodes that there are: some come and some go while a sweep runs."""

    def __init__(self, allotment: Allotment) -> None:
        self._allotment, self._known, self._known_until = allotment, 0, 0.0

    def __call__(self) -> int:
        if time.monotonic() >= self._known_until:
            self._known, self._known_until = self._allotment.room(nodes()), time.monotonic() + SECONDS_BETWEEN_LOOKS
        return self._known


def allot(
    cpus_per_trial: float,
    gpus_per_trial: float | Auto | None,
    max_concurrent_trials: int | None,
    cores: UsableCores | None = None,
) -> Allotment:
    """Check the wishes against what Ray has, or may get.

    Args:
        cores: as `connect` gave them.

    Raises:
        UserError: not one trial would fit on any node, and no autoscaler may start another.
    """
    there = nodes()
    most_cpus, most_gpus = max(node.cpus for node in there), max(node.gpus for node in there)
    finds_packing = gpus_per_trial == AUTO and most_gpus > 0
    gpus = (1.0 if most_gpus else 0.0) if gpus_per_trial is None or gpus_per_trial == AUTO else gpus_per_trial
    allotment = Allotment(
        cpus_per_trial,
        gpus,
        max_concurrent_trials,
        cores,
        is_autoscaled=cores is None and is_autoscaled(),
        finds_packing=finds_packing,
    )
    if allotment.room(there):
        return allotment
    if gpus > most_gpus:
        has = f"no node has more than {most_gpus:g}" if len(there) > 1 else f"there are {most_gpus:g} GPUs"
        raise SettingError("gpus_per_trial", f" is {gpus:g}, but {has}; ask for at most that")
    if cpus_per_trial > most_cpus:
        has = str(cores or (f"{most_cpus:g} CPU cores" + (" on its largest node" if len(there) > 1 else "")))
        raise SettingError("cpus_per_trial", f" is {cpus_per_trial:g}, but Ray has {has}; ask for at most that")
    raise SettingError(
        "cpus_per_trial",
        f" is {cpus_per_trial:g} and gpus_per_trial is {gpus:g}, but no node has both; ask for less of one of them",
    )


def require_precision(precision: str, allotment: Allotment) -> None:
    """Refuse one that no trial can compute in, as far as that is known before a GPU is seen.

    Raises:
        SettingError: it is one of GPUs alone.
    """
    if precision == TF32 and not allotment.gpus_per_trial:
        raise SettingError("precision", f" is {TF32}, which some GPUs have; on CPUs give {BF16} or {FP32}")
