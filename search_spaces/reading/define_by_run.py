"""A space that is a function of an Optuna trial, so that one hyperparameter may depend on another.

What it searches is known from what it draws: nobody can tell that of code without running it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from trainable.contract import SettingError
from trainable.runs.code_faults import called

Function = Callable[[Any], Mapping[str, Any] | None]
"""What a user writes: of an Optuna trial it draws with `trial.suggest_...`, and it gives the hyperparameters, or None
for what it drew."""

DRAWS = 100
"""By which a function is known: a branch that is taken in 5 % of trials goes unseen once in 170 times."""


def hyperparameters_of(function: Function, trial: optuna.Trial, where: str) -> dict[str, Any]:
    """What a function makes of a trial.

    Args:
        where: it was read, for the error.

    Raises:
        CodeFault: it raised.
        SettingError: it gave what are no hyperparameters.
    """
    given = called(f"search_space {where}: SPACE", function, trial)
    hyperparameters = dict(trial.params if given is None else _mapping(given, where))
    for name, value in hyperparameters.items():
        if not (value is None or type(value) in (bool, int, float, str)):
            fault = (
                f"gave {value!r:.80} for {name!r}, which no record can hold; give text, a number, True, False or None"
            )
            raise _refused(where, fault)
    return hyperparameters


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        fault = f"gave {given!r:.80}; it must give a dict from hyperparameter to value, or None for what it drew"
        raise _refused(where, fault)
    return given


def _refused(where: str, fault: str) -> SettingError:
    return SettingError("search_space", f" {where}: SPACE {fault}")


def seen_distributions(function: Function, where: str) -> dict[str, BaseDistribution]:
    """What a function draws of each hyperparameter, over a number of seeded draws.

    Of one that is drawn from several ranges, the range from the least to the largest of them; of one that is computed,
    the values that were seen.

    Raises:
        CodeFault: it raised.
        SettingError: it drew nothing, or gave what are no hyperparameters.
    """
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn_from: dict[str, list[BaseDistribution]] = {}
    values: dict[str, list[Any]] = {}
    computed: set[str] = set()
    for _ in range(DRAWS):
        trial = study.ask()
        for name, value in hyperparameters_of(function, trial, where).items():
            values.setdefault(name, []).append(value)
            if trial.params.get(name, trial) == value:
                drawn_from.setdefault(name, []).append(trial.distributions[name])
            else:
                computed.add(name)
    if not study.trials[0].params:
        raise _refused(where, "draws nothing; have it call trial.suggest_float, suggest_int or the like")
    return {name: _range_of(seen) if name in computed else _union(drawn_from[name]) for name, seen in values.items()}


def _union(distributions: list[BaseDistribution]) -> BaseDistribution:
    """From the least to the largest end; Optuna lets no study draw one name from two kinds, or from other choices."""
    first = distributions[0]
    if isinstance(first, CategoricalDistribution):
        return first
    low = min(one.low for one in distributions)  # type: ignore[attr-defined]
    high = max(one.high for one in distributions)  # type: ignore[attr-defined]
    log = all(one.log for one in distributions)  # type: ignore[attr-defined]
    steps = {one.step for one in distributions}  # type: ignore[attr-defined]
    if isinstance(first, IntDistribution):
        return IntDistribution(low, high, log=log, step=steps.pop() if len(steps) == 1 else 1)
    return FloatDistribution(low, high, log=log, step=steps.pop() if len(steps) == 1 else None)


def _range_of(values: list[Any]) -> BaseDistribution:
    if all(type(value) is int for value in values):
        return IntDistribution(min(values), max(values))
    if all(type(value) in (int, float) for value in values):
        return FloatDistribution(min(values), max(values))
    return CategoricalDistribution(list(dict.fromkeys(values)))
