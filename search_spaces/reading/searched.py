"""A search space as the search takes it, checked."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.reading.define_by_run import DRAWS, Function, hyperparameters_of
from search_spaces.reading.prior import Prior
from search_spaces.reading.quiet import quiet


@dataclass(frozen=True)
class SearchSpace:
    """What is searched, and what is believed of it."""

    distributions: Mapping[str, BaseDistribution]
    """By hyperparameter. Of a function what it was seen to draw from, which is not what each trial draws from."""
    prior: Mapping[str, Prior] = field(default_factory=dict)
    """Of any of them; the others are believed to be as good anywhere in their range."""
    function: Function | None = None
    """What draws a trial's hyperparameters, where the space is no dict."""
    where: str = ""
    """It was read: a name or a file."""
    about: str = ""
    """What it says of itself, in a line."""

    @property
    def seen_in_draws(self) -> int:
        """In how many draws its distributions were seen; 0 where they are given."""
        return DRAWS if self.function else 0

    def drawn(self, study: optuna.Study) -> tuple[optuna.Trial, dict[str, Any]]:
        """A new trial of a study, and the hyperparameters that the study's sampler gives it.

        Raises:
            UserError: what draws them is a function, and it raised or gave what are no hyperparameters.
        """
        if not self.function:
            trial = study.ask(dict(self.distributions))
            return trial, dict(trial.params)
        trial = study.ask()
        return trial, hyperparameters_of(self.function, trial, self.where)

    def known(self, hyperparameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
        """Of hyperparameters that were not drawn what a sampler can learn from: values that could have been.

        Of a function, what it would have drawn to come to them, where that can be told.
        """
        distributions = self.distributions
        if self.function:
            replayed = optuna.trial.FixedTrial(dict(hyperparameters))
            try:
                with quiet():
                    given = self.function(replayed) or {}
            except Exception:  # it asks for what is no hyperparameter
                return {}, {}
            if any(hyperparameters.get(name) != value for name, value in given.items()):
                return {}, {}
            distributions = replayed.distributions
        params = {
            name: hyperparameters[name]
            for name, distribution in distributions.items()
            if name in hyperparameters and contains(distribution, hyperparameters[name])
        }
        return params, {name: distributions[name] for name in params}


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a value is one of a distribution's.

    Reaches into optuna 5.0, whose distributions tell it in no public way.
    """
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except ValueError:  # no such choice, no number, or none that has a logarithm
        return False


def distribution_fault(distribution: Any) -> str:
    """What is wrong with what should be a distribution, and what to do; empty where nothing is."""
    if not isinstance(distribution, BaseDistribution):
        return (
            f"is {distribution!r}, not an Optuna distribution such as "
            "optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)"
        )
    for choice in distribution.choices if isinstance(distribution, CategoricalDistribution) else ():
        if not (choice is None or type(choice) in (bool, int, float, str)):
            return f"has the choice {choice!r:.80}, which no record can hold; give text, a number, True, False or None"
    if not all(abs(number) <= sys.float_info.max for number in _numbers(distribution)):  # False for NaN, too
        return f"is {distribution!s:.80}, which is not finite; give it finite numbers"
    return ""


def _numbers(distribution: BaseDistribution) -> list[float]:
    """The ends of a range and what lies between them, or the choices that are numbers."""
    match distribution:
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high):
            return [low, high, high - low]
        case CategoricalDistribution(choices=choices):
            return [choice for choice in choices if isinstance(choice, (int, float))]
    return []


def prior_fault(prior: Any, distribution: BaseDistribution | None) -> str:
    """What is wrong with what should be a prior of that hyperparameter, and what to do; empty where nothing is.

    Args:
        distribution: None where the hyperparameter is not searched.
    """
    if distribution is None:
        return "is of a hyperparameter that is not searched; search it, or leave its prior out"
    if not isinstance(prior, Prior):
        return f"is {prior!r:.80}, not a prior such as search_spaces.Prior(5e-4, 0.2)"
    if not contains(distribution, prior.centre):
        return f"has the centre {prior.centre!r:.80}, which is none of {distribution}; give a value that is searched"
    if not (type(prior.width) in (int, float) and 0 < prior.width <= 1):
        return f"has the width {prior.width!r:.80}; give a share of the range, above 0 and at most 1"
    return ""
