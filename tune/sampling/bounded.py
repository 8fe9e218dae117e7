"""Which trials a model of the search learns from, where there are more than it needs: a function of the record.

What TPE takes for a proposal grows with the trials that it is told of, and what it gains by them does not: it compares
those that it holds for good (in optuna 5.0 a tenth of all, at most 25) with all the others. So from `MOST` on it is
told of so many:

- the best quarter of that number, in its own order, in which the good ones are;
- those that run, of which it keeps clear, and the newest, which tell where the search is by now;
- of the others as many as there is room for, evenly spaced in their order: they lie as all of them do, so that what it
  compares the good ones with has the same shape.

Up to `MOST` it is told of all. A Gaussian process, whose cost grows with the third power, is told of the same.
"""

from collections.abc import Sequence

from trainable.pareto import unbeaten
from trainable.ranking import Objective
from tune.sampling.told import ToldTrial, TrialState

MOST = 500
"""A proposal of TPE's then takes about a tenth of a second (benchmarks/scale.py)."""
BEST, NEWEST = MOST // 4, MOST // 4


def learnt_from(told: Sequence[ToldTrial], objective: Objective) -> Sequence[ToldTrial]:
    """All of them, or at most `MOST`, in the order in which they came."""
    if len(told) <= MOST:
        return told
    kept = set(_best(told, objective)[:BEST])
    kept.update(range(len(told) - NEWEST, len(told)))
    running = [index for index, trial in enumerate(told) if trial.state is TrialState.RUNNING]
    kept.update(running[-(MOST - len(kept)) :])
    others = [index for index in range(len(told)) if index not in kept]
    room = MOST - len(kept)
    kept.update(others[place * len(others) // room] for place in range(room))
    return [told[index] for index in sorted(kept)]


def _best(told: Sequence[ToldTrial], objective: Objective) -> list[int]:
    """Indices of those that have ended and rank, the best first, as TPE has them.

    Who satisfies the constraints comes before who does not; who ran in full before who waits or was stopped at a rung,
    and these by how far they came.
    """
    losses = {
        index: objective.losses(trial.best)
        for index, trial in enumerate(told)
        if trial.best is not None and trial.state not in (TrialState.RUNNING, TrialState.FAILED)
    }
    standing = _standings(losses)

    def key(index: int) -> tuple[float, int, float]:
        trial = told[index]
        assert trial.best is not None
        is_in_full = trial.state is TrialState.COMPLETED or len(objective.metrics) > 1
        return objective.excess(trial.best), -FURTHEST if is_in_full else -trial.epochs, standing[index]

    return sorted(losses, key=key)


FURTHEST = 2**62
"""Epochs: as far as any trial could come."""


def _standings(losses: dict[int, tuple[float, ...]]) -> dict[int, float]:
    """The loss; of several the sum of the places in each, those that no other beats before all."""
    if all(len(point) == 1 for point in losses.values()):
        return {index: point[0] for index, point in losses.items()}
    front = set(unbeaten(losses.values()))
    places: dict[int, float] = dict.fromkeys(losses, 0.0)
    for dimension in range(len(next(iter(losses.values())))):
        for place, index in enumerate(sorted(losses, key=lambda index: losses[index][dimension])):
            places[index] += place
    return {index: places[index] - (len(losses) ** 2 if losses[index] in front else 0) for index in losses}
