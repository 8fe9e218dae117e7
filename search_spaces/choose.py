"""Find a search space by name, or load a user's own from a Python file."""

import runpy
import sys
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from trainable.contract import SettingError

NOT_SPACES = ("__init__", "choose")


def space_names() -> list[str]:
    """Names of the spaces that ship with the project."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in NOT_SPACES)


def load_space(name_or_file: str) -> dict[str, BaseDistribution]:
    """The space of that name, or the one in a file that ends in .py.

    Raises:
        SettingError: there is none, it cannot be imported, or it is no dict of Optuna distributions.
    """
    space = _module_globals(name_or_file).get("SPACE")
    if not isinstance(space, dict) or not space:
        raise _refused(name_or_file, "it must define SPACE, a dict from hyperparameter to Optuna distribution")
    for name, distribution in space.items():
        if not isinstance(distribution, BaseDistribution):
            raise _refused(
                name_or_file,
                f"SPACE[{name!r}] is {distribution!r}, not an Optuna distribution such as "
                "optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)",
            )
        for choice in getattr(distribution, "choices", ()):
            if not (choice is None or type(choice) in (bool, int, float, str)):
                raise _refused(
                    name_or_file,
                    f"SPACE[{name!r}] has the choice {choice!r:.80}, which no record can hold; give text, a number, "
                    "True, False or None",
                )
        if not all(abs(number) <= sys.float_info.max for number in _numbers(distribution)):  # False for NaN, too
            raise _refused(
                name_or_file, f"SPACE[{name!r}] is {distribution!s:.80}, which is not finite; give it finite numbers"
            )
    return space


def _numbers(distribution: BaseDistribution) -> list[float]:
    """The ends of a range and what lies between them, or the choices that are numbers."""
    match distribution:
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high):
            return [low, high, high - low]
        case CategoricalDistribution(choices=choices):
            return [choice for choice in choices if isinstance(choice, (int, float))]
    return []


def _module_globals(name_or_file: str) -> dict[str, Any]:
    file = Path(name_or_file)
    if name_or_file in space_names():
        file = Path(__file__).with_name(f"{name_or_file}.py")
    elif file.suffix != ".py":
        known = ", ".join(space_names())
        raise _refused(repr(name_or_file), f"no such space; it can be {known} or a file ending in .py")
    try:
        return runpy.run_path(str(file))
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        cause = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise _refused(name_or_file, f"{cause}; mend the file") from error


def _refused(name_or_file: str, why: str) -> SettingError:
    return SettingError("search_space", f" {name_or_file}: {why}")
