"""Proposals: that of number n is drawn from (seed, n) over what is told of the trials before it."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.samplers import TPESampler

from results.record.proposals import Proposal
from results.record.space import Space
from trainable.ranking import Objective
from trainable.seeds import seed_of
from tune.searching.study import study_of
from tune.searching.told import ToldTrial, TrialState

RANDOM_PROPOSALS = 6
"""Proposals before the first that TPE makes; of 16 trials, Optuna's own 10 would leave it six."""


def propose(
    number: int,
    attempt: int,
    told: Sequence[ToldTrial],
    refused: Sequence[Mapping[str, Any]],
    *,
    space: Space,
    objective: Objective,
    seed: int,
    first: Mapping[str, Any],
) -> Proposal | None:
    """
    Args:
        attempt: how many proposals of that number have been refused.
        refused: these. To the sampler they run, and TPE keeps away from what runs: it would propose beyond a border
            again and again where the best trials lie at it.
        first: of number 0, the starting values.
    """
    if number == 0:
        return Proposal(dict(first), "start")
    running = [ToldTrial(config, TrialState.RUNNING) for config in refused]
    study = study_of([*told, *running], space, objective)
    drawn_from = ("proposal", number, attempt) if attempt else ("proposal", number)
    study.sampler = TPESampler(
        seed=seed_of(seed, *drawn_from) % 2**32, n_startup_trials=RANDOM_PROPOSALS, constant_liar=True
    )
    return Proposal(study.ask(dict(space)).params, "tpe")
