"""A search without Ray and without trainings: a trial ends at once, and its value is a function of its setting."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import Prior
from search_spaces.reading.searched import SearchSpace
from trainable.ranking import Objective, Row
from tune.sampling.proposing import Search, propose
from tune.sampling.samplers import ChosenSampler
from tune.sampling.told import ToldTrial, TrialState

SPACE = SearchSpace(
    {
        "rate": FloatDistribution(1e-4, 1.0, log=True),
        "size": IntDistribution(2, 32),
        "recipe": CategoricalDistribution(["plain", "rich"]),
    }
)
GRID_SPACE = SearchSpace(
    {
        "rate": FloatDistribution(0.1, 0.5, step=0.1),
        "size": IntDistribution(2, 4),
        "recipe": CategoricalDistribution(["plain", "rich"]),
    }
)
FIRST = {"rate": 0.1, "size": 4, "recipe": "plain"}
PRIOR = {"rate": Prior(0.01, 0.1), "recipe": Prior("rich", 0.1)}
HEIGHT = Objective(("height",), ("max",))
HEIGHT_AND_COST = Objective(("height", "cost"), ("max", "min"))


def search(sampler: str | ChosenSampler = "tpe", **changed: Any) -> Search:
    space = GRID_SPACE if sampler == "grid" else SPACE
    chosen = ChosenSampler(sampler) if isinstance(sampler, str) else sampler
    return replace(Search(space, HEIGHT, 7, FIRST, chosen), **changed)


def row_of(config: Mapping[str, Any]) -> Row:
    height = -((config["rate"] - 0.3) ** 2) - (config["size"] - 20) ** 2 / 900 + 0.1 * (config["recipe"] == "rich")
    return {"height": height, "cost": float(config["size"])}


def searched(of: Search, count: int, told: list[ToldTrial] | None = None) -> list[ToldTrial]:
    """The trials after so many proposals, each of which ended before the next."""
    told = list(told or [])
    while len(told) < count and (proposal := propose(of, len(told), told)):
        config = proposal.hyperparameters
        told.append(ToldTrial(config, TrialState.COMPLETED, 9, row_of(config), proposal))
    return told


def with_two_running(of: Search, count: int, see: Callable[[list[ToldTrial]], object]) -> list[ToldTrial]:
    """The same where the last two trials still run as the next is proposed.

    Args:
        see: called with what each proposal, after the first, was made of.
    """
    told: list[ToldTrial] = []
    while len(told) < count:
        ended = [replace(trial, state=TrialState.COMPLETED, epochs=9, best=row_of(trial.config)) for trial in told[:-2]]
        told = ended + told[-2:]
        if told:
            see(list(told))
        proposal = propose(of, len(told), told)
        assert proposal is not None
        told.append(ToldTrial(proposal.hyperparameters, TrialState.RUNNING, 0, None, proposal))
    return told
