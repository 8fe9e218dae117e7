"""How many trials share a GPU, as a sweep goes on: found out by its first trial, and halved when one had not enough.

Either way the round ends, and the next one packs otherwise: of a trial, Ray can change nothing while it runs.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results.record.placement import Measurement, add_packing
from trainable import contract
from trainable.contract import FAILURE, GPU_USE
from trainable.runs import GpuUse
from tune.cluster.nodes import nodes
from tune.cluster.packing import by_cpus, packed, share_of, sharing
from tune.engine.rounds import Round


class Packer:
    """Hears every result before the scheduler does, so that the trial that decides is laid down after that epoch."""

    def __init__(self, folder: Path, wish: float | str | None, say: Callable[[str], object]) -> None:
        """
        Args:
            folder: the sweep's.
            wish: what --gpus_per_trial asked for.
            say: called with a sentence for each decision.
        """
        self._folder, self._wish, self._say = folder, wish, say
        self._has_found = False

    def hear(self, number: int, result: dict[str, Any], this_round: Round) -> None:
        """Decide by a trial's result. One of a trial that shared a GPU and ran out of its memory is no failure then."""
        failure = result.get(FAILURE)
        sharing_now = sharing(this_round.allotment.gpus_per_trial)
        if failure and failure["kind"] == contract.OUT_OF_GPU_MEMORY and sharing_now > 1:
            result[contract.PAUSED] = contract.LAID_DOWN
            self._halve(number, failure["epoch"], sharing_now, this_round)
        elif GPU_USE in result and not (self._has_found or this_round.is_ending):
            self._find(number, result, this_round)

    def _halve(self, number: int, epoch: int, sharing_now: int, this_round: Round) -> None:
        coming = this_round.next_allotment or this_round.allotment
        if sharing(coming.gpus_per_trial) < sharing_now:
            return  # another one had not enough in the same round
        fewer = sharing_now // 2
        why = f"trial {number} ran out of GPU memory in epoch {epoch} with {sharing_now} on a GPU"
        self._decide(fewer, why, this_round)
        now = f"{fewer} share one" if fewer > 1 else "each has one to itself"
        self._say(f"{why}; from now on {now}, and no epoch before it is lost")

    def _find(self, number: int, result: dict[str, Any], this_round: Round) -> None:
        self._has_found = True
        if result[GPU_USE] is None:
            why = f"what trial {number} took of its GPU cannot be read"
            self._decide(1, why, this_round)
            self._say(f"--gpus_per_trial auto: {why}: each trial has one to itself; give a share such as 0.25")
            return
        use = GpuUse(**result[GPU_USE])
        found = packed(use, by_cpus(nodes(), this_round.allotment.cpus_per_trial))
        took = f"trial {number} alone took {use.peak_mb:,.0f} of {use.total_mb:,.0f} MB of {use.gpu}"
        took += " and nobody tells how much of its time" if use.busy is None else f" and {use.busy:.0%} of its time"
        measurement = Measurement(number, result[contract.EPOCH], **dataclasses.asdict(use))
        self._decide(found.trials_per_gpu, f"{took}; no more fit by {found.limit}", this_round, measurement)
        share = "each trial has one to itself" if found.trials_per_gpu == 1 else f"{found.trials_per_gpu} share one"
        self._say(f"--gpus_per_trial auto: {took}: {share}, as many as {found.limit} allows")

    def _decide(self, number: int, why: str, this_round: Round, measurement: Measurement | None = None) -> None:
        assert self._wish is not None
        add_packing(self._folder, self._wish, number, why, measurement)
        coming, share = this_round.next_allotment or this_round.allotment, share_of(number)
        if share != coming.gpus_per_trial:
            this_round.end(dataclasses.replace(coming, gpus_per_trial=share, finds_packing=False))
