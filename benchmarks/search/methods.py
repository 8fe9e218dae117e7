"""The methods that are compared, by name: those that others ship, ours, and ours with a part changed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from search.played import PlayedSearch
from search.product import AT_THE_START, NO_PRIOR, Ours
from search.stock import optuna_search, random_search, wandb_bayes

STOCK, YESTERDAY, OURS, WITHOUT_PRIOR = "stock OptunaSearch + ASHA", "stopping, no prior", "ours", "ours without prior"


@dataclass(frozen=True)
class Method:
    play: Callable[[PlayedSearch, int], None]
    what: str


METHODS = {
    STOCK: Method(partial(optuna_search, stopping=True), "OptunaSearch and ASHA 3/2 as Ray ships them"),
    OURS: Method(Ours(), "the defaults: promoting ASHA 3/3, TPE, 5 draws from the space's prior"),
    WITHOUT_PRIOR: Method(Ours(prior=NO_PRIOR), "the defaults for a space without a prior"),
    YESTERDAY: Method(
        Ours("asha", 2, prior=NO_PRIOR), "the defaults before: ASHA 3/2, which stops and never promotes, and TPE"
    ),
    "ours, a bad prior": Method(Ours(prior=AT_THE_START), "a prior whose centre is the starting values"),
    "ours, stopping": Method(Ours("asha", 2), "with its prior, but ASHA 3/2 instead of promotion"),
    "ours, grace 1": Method(Ours(grace_period=1), "--grace_period 1: rungs at epochs 1, 3 and 9"),
    "ours, grace 1, no prior": Method(Ours(grace_period=1, prior=NO_PRIOR), "the same without prior"),
    "ours without start": Method(Ours(start=False), "with its prior, but no trial at the starting values"),
    "ours, random": Method(Ours(sampler="random"), "promotion and prior; later proposals at random"),
    "random + ASHA": Method(partial(random_search, stopping=True), "at random, ASHA 3/2"),
    "random": Method(partial(random_search, stopping=False), "at random, every trial to its end"),
    "stock OptunaSearch": Method(partial(optuna_search, stopping=False), "every trial to its end"),
    "ours, CMA-ES": Method(Ours(sampler="cmaes"), "--sampler cmaes"),
    "ours, CMA-ES, no prior": Method(Ours(sampler="cmaes", prior=NO_PRIOR), "--sampler cmaes --prior_trials 0"),
    "ours, GP": Method(Ours(sampler="gp"), "--sampler gp"),
    "W&B bayes + hyperband": Method(partial(wandb_bayes, stopping=True), "the W&B engine, hyperband 3/3"),
    "W&B bayes": Method(partial(wandb_bayes, stopping=False), "the W&B engine, every trial to its end"),
}
"""Those by which the search is judged come first; the dear ones last."""
