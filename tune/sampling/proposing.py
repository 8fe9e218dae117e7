"""The next proposal, a function of the record: who interrupts a sweep, and how often, changes none of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json

from results.record.trial.proposals import Proposal
from search_spaces.reading.quiet import quiet
from search_spaces.reading.searched import SearchSpace
from trainable.ranking import Objective
from trainable.seeds import seed_of
from tune.sampling.bounded import learnt_from
from tune.sampling.names import GRID
from tune.sampling.prior import PriorSampler
from tune.sampling.samplers import ChosenSampler, is_used_up
from tune.sampling.study import attributes_left, study_of
from tune.sampling.told import ToldTrial

START, TRIED, WARM, PRIOR = "start", "try", "warm start", "prior"
"""Where hyperparameters come from that no sampler drew."""


@dataclass(frozen=True)
class Search:
    """What decides proposals, beside the trials so far."""

    space: SearchSpace
    objective: Objective
    seed: int
    first: Mapping[str, Any]
    """The starting values of all that is searched."""
    sampler: ChosenSampler
    tried: Sequence[Mapping[str, Any]] = ()
    """Whole settings of the user's, which come before all that is drawn."""
    warm: Sequence[Mapping[str, Any]] = ()
    """The same of earlier sweeps, best first; they come after the user's own."""
    prior_trials: int = 0
    """How many are drawn from the space's prior, where it has one, before the sampler's."""
    earlier: Sequence[ToldTrial] = ()
    """Of a warm start: trials of earlier sweeps, which a sampler is told of before this one's own."""

    @property
    def in_words(self) -> str:
        """What is searched, and what proposes it in turn."""
        in_turn = ["the starting values"]
        in_turn += [f"{len(self.tried)} of your own"] if self.tried else []
        in_turn += [f"{len(self.warm)} of earlier sweeps"] if self.warm else []
        in_turn += [f"{self.prior_trials} from the prior"] if self.space.prior and self.prior_trials else []
        return f"{', '.join(self.space.distributions)}: {', '.join(in_turn)}, then {self.sampler.name}"


def propose(
    search: Search, number: int, told: Sequence[ToldTrial], refused: Sequence[Mapping[str, Any]] = ()
) -> Proposal | None:
    """The hyperparameters of the next trial; None where a grid has none left, so that the search is over.

    Args:
        number: how many proposals there have been that became trials.
        told: those trials, in their order.
        refused: what was proposed under this number before and can be no trial's, the earliest first.

    Raises:
        UserError: a function of the user's (a space, a sampler) raised, or gave what it must not.
    """
    with quiet():
        if number == 0 and not refused:
            return _given(search, search.first, START)
        if search.tried or search.warm:
            configs = [dict(trial.config) for trial in told] + [dict(one) for one in refused]
            for by, settings in ((TRIED, search.tried), (WARM, search.warm)):
                for one in settings:
                    if dict(one) not in configs:
                        return _given(search, one, by)
        from_prior = sum(trial.proposal is not None and trial.proposal.by == PRIOR for trial in told)
        if search.space.prior and from_prior < search.prior_trials:
            return _from_prior(search, number, len(refused))
        return _from_sampler(search, number, told, refused)


def _given(search: Search, hyperparameters: Mapping[str, Any], by: str) -> Proposal:
    params, distributions = search.space.known(hyperparameters)
    return Proposal(dict(hyperparameters), by, **_of_function(search.space, params, distributions))


def _from_prior(search: Search, number: int, attempt: int) -> Proposal:
    sampler = PriorSampler(search.space.prior, search.seed, PRIOR, number, attempt)
    trial, drawn = search.space.drawn(optuna.create_study(sampler=sampler))
    return Proposal(_whole(search, drawn), PRIOR, **_of_function(search.space, trial.params, trial.distributions))


def _from_sampler(
    search: Search, number: int, told: Sequence[ToldTrial], refused: Sequence[Mapping[str, Any]]
) -> Proposal | None:
    chosen, attempt = search.sampler, len(refused)
    of_all = [*search.earlier, *told]
    trials: Sequence[ToldTrial] = of_all
    if chosen.takes_few:
        trials = learnt_from(of_all, search.objective)
    elif not (chosen.learns or search.space.function):  # a function may ask for its trial's number
        trials = []
    study = study_of(trials, search.space, search.objective, chosen.tells_rungs, refused)
    if chosen.name == GRID and is_used_up(study):
        return None
    drawn_from = ("proposal", number, attempt) if attempt else ("proposal", number)
    seed, seed_of_all = (seed_of(search.seed, *parts) % 2**32 for parts in (drawn_from, ("proposals",)))
    study.sampler = chosen.built(study, seed, seed_of_all, number, attempt)
    trial, drawn = search.space.drawn(study)
    of_trial, of_study = attributes_left(study, trial) if chosen.keeps_state else ({}, {})
    return Proposal(
        _whole(search, drawn),
        chosen.name,
        trial_attributes=of_trial,
        study_attributes=of_study,
        learnt_from=len(trials) if chosen.learns and len(trials) < len(of_all) else None,
        **_of_function(search.space, trial.params, trial.distributions),
    )


def _whole(search: Search, drawn: dict[str, Any]) -> dict[str, Any]:
    """With the starting values of what a function did not draw this time: as it is trained anyhow."""
    return {**search.first, **drawn} if search.space.function else drawn


def _of_function(
    space: SearchSpace, params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
) -> dict[str, Any]:
    """What is to be recorded of a draw where the record of the space does not say it."""
    if not space.function:
        return {}
    written = {name: json.loads(distribution_to_json(one)) for name, one in distributions.items()}
    return {"params": dict(params), "distributions": written}
