"""Which node fails trial after trial while others do well: a broken GPU, a full disk, a driver that is too old.

It ends trials faster than any other, so it would get more of them than any other: of a user's 500 runs, one machine
took 470 (wandb#5088).

The rule. The last k trials that ended on the node all failed, and k is at least 3. Since the first of them did, n
trials elsewhere have come beyond the epoch in which the last three failed, and f have failed. By Laplace's rule of
succession a trial fails with the probability p = (f + 1) / (n + f + 2), or q with all that ended before counted, too.
Of N trials that have ended, some N q^k begin such a streak by chance. Where both that and p^k are below one in twenty,
the node is bad: with three failures where two others do well, with eight where nobody knows of others. Failures that
belong to the trial are not told to it: one that diverged, or had not enough memory. What the whole cluster suffers
from, such as a bug in the run, lets no node be bad: f grows with k.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

MOST_BY_CHANCE = 0.05
FEWEST_FAILURES = 3
MOST_REMEMBERED = 1_000
"""Trials, of what the others did; a streak of failures is over long before."""


@dataclass
class _Streak:
    """What has failed on a node since a trial last ended well there."""

    began: int
    well_before: int
    failed_before: int
    """How many trials had ended so by then, anywhere."""
    failed: dict[int, int] = field(default_factory=dict)
    """The epoch in which each trial failed, by its number, the last at the end."""


@dataclass(frozen=True)
class BadNode:
    """A node, and the trials that failed there one after the other."""

    node: str
    failed: tuple[int, ...]
    did_well_elsewhere: int
    failed_elsewhere: int


class FailingNodes:
    """Hears what trials come to, and where."""

    def __init__(self) -> None:
        self._now = 0
        self._num_well, self._num_failed = 0, 0
        """How many trials have ended so."""
        self._streaks: dict[str, _Streak] = {}
        self._came_to: dict[int, tuple[int, str, int]] = {}
        """When, where and to which epoch a trial has come, by its number."""
        self._failed: dict[int, tuple[int, str]] = {}
        """When and where a trial failed last."""

    def did_epoch(self, trial: int, node: str, epoch: int) -> None:
        self._now += 1
        self._came_to.pop(trial, None)
        self._came_to[trial] = self._now, node, epoch
        _forget_oldest(self._came_to)

    def ended_well(self, node: str) -> None:
        """A trial came to its end, or was paused or stopped."""
        self._num_well += 1
        self._streaks.pop(node, None)

    def failed(self, trial: int, node: str, epoch: int) -> None:
        """A trial ended by an error in that epoch, or its worker died in it while the node lives."""
        self._now += 1
        streak = self._streaks.setdefault(node, _Streak(self._now, self._num_well, self._num_failed))
        streak.failed.pop(trial, None)
        streak.failed[trial] = epoch
        self._num_failed += 1
        self._failed.pop(trial, None)
        self._failed[trial] = self._now, node
        _forget_oldest(self._failed)

    def bad_node(self, in_use: Collection[str]) -> BadNode | None:
        """One that is to get no more trials; none where it is the only one that can.

        Args:
            in_use: the nodes that get trials.
        """
        for node, streak in self._streaks.items():
            if node not in in_use or len(in_use) < 2 or len(streak.failed) < FEWEST_FAILURES:
                continue
            beyond = max([*streak.failed.values()][-FEWEST_FAILURES:])
            did_well = sum(
                when > streak.began and where != node and where in in_use and epoch >= beyond
                for when, where, epoch in self._came_to.values()
            )
            failed = sum(
                when > streak.began and where != node and where in in_use for when, where in self._failed.values()
            )
            length = len(streak.failed)
            of_late = _succession(failed, did_well) ** length
            of_all = _succession(failed + streak.failed_before, did_well + streak.well_before) ** length
            if max(of_late, of_all * (self._num_well + self._num_failed)) < MOST_BY_CHANCE:
                return BadNode(node, tuple(sorted(streak.failed)), did_well, failed)
        return None


def _succession(failed: int, well: int) -> float:
    return (failed + 1) / (well + failed + 2)


def _forget_oldest(heard: dict[int, Any]) -> None:
    if len(heard) > MOST_REMEMBERED:
        del heard[next(iter(heard))]
