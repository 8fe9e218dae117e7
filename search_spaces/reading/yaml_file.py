"""A space in a YAML file: a line a hyperparameter, with its prior where somebody has one.

lr: {low: 1e-5, high: 1e-2, log: true, prior: {centre: 5e-4, width: 0.2}}
group_size: {type: int, low: 2, high: 32}
recipe: {choices: [default, original]}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.reading.prior import Prior
from trainable.contract import UserError
from trainable.system_errors import reading

FLOAT, INT, CHOICE = TYPES = ("float", "int", "choice")
_OF_RANGE = ("type", "low", "high", "log", "step", "prior")
_OF_CHOICES = ("type", "choices", "prior")


def read_yaml_space(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The distributions and the priors in a file, by hyperparameter; whether they are of use, the caller checks.

    Raises:
        UserError: it cannot be read, or a line of it says no range and no choices.
    """
    try:
        with reading(file):
            content = yaml.safe_load(file.read_bytes())
    except yaml.YAMLError as error:
        raise UserError(f"not readable as YAML ({' '.join(str(error).split())}); mend the file") from None
    if not isinstance(content, Mapping) or not content:
        raise UserError("it must hold a line a hyperparameter, such as 'lr: {low: 1e-5, high: 1e-2, log: true}'")
    space, prior = {}, {}
    for name, said in content.items():
        if not isinstance(name, str) or not isinstance(said, Mapping):
            raise UserError(f"{name} is {said!r:.80}; say {{low: ..., high: ...}} or {{choices: [...]}}")
        space[name] = _distribution(name, said)
        if "prior" in said:
            prior[name] = _prior(name, said["prior"])
    return space, prior


def _distribution(name: str, said: Mapping[str, Any]) -> BaseDistribution:
    kind = said.get("type", CHOICE if "choices" in said else INT if _are_whole(said) else FLOAT)
    if kind not in TYPES:
        raise UserError(f"{name} has the type {kind!r:.80}; it can be {', '.join(TYPES)}")
    allowed, needed = (_OF_CHOICES, ("choices",)) if kind == CHOICE else (_OF_RANGE, ("low", "high"))
    for key in said:
        if key not in allowed:
            raise UserError(f"{name} has {key!r}; as {kind} it can have {', '.join(allowed)}")
    for key in needed:
        if key not in said:
            raise UserError(f"{name} has no {key}; as {kind} it needs {' and '.join(needed)}")
    try:
        if kind == CHOICE:
            return CategoricalDistribution(said["choices"])
        numbers = {key: _number(said[key]) for key in ("low", "high", "step") if said.get(key) is not None}
        log = said.get("log", False)
        if type(log) is not bool:
            raise ValueError(f"log is {log!r:.40}, and can be true or false")
        if kind == INT:
            return IntDistribution(**{key: _whole(number) for key, number in numbers.items()}, log=log)
        return FloatDistribution(**numbers, log=log)
    except (TypeError, ValueError) as error:  # Optuna's, too
        raise UserError(f"{name}: {' '.join(str(error).split())}; mend its line") from None


def _are_whole(said: Mapping[str, Any]) -> bool:
    return all(type(said.get(key)) is int for key in ("low", "high"))


def _number(value: Any) -> float:
    """YAML takes 1e-5 for text."""
    if type(value) is int:
        return value
    if isinstance(value, (float, str)):
        return float(value)
    raise ValueError(f"{value!r:.40} is no number")


def _whole(number: float) -> int:
    if not float(number).is_integer():
        raise ValueError(f"{number} is no whole number")
    return int(number)


def _prior(name: str, said: Any) -> Prior:
    if not isinstance(said, Mapping) or said.keys() != {"centre", "width"}:
        raise UserError(f"{name} has the prior {said!r:.80}; say {{centre: VALUE, width: SHARE OF THE RANGE}}")
    return Prior(*(_as_meant(said[key]) for key in ("centre", "width")))


def _as_meant(value: Any) -> Any:
    """A number that YAML took for text, or what it is."""
    try:
        return _number(value) if isinstance(value, str) else value
    except ValueError:
        return value
