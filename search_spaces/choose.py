"""Find a search space by name, or load a user's own from a Python file."""

import runpy
from pathlib import Path
from typing import Any

from search_spaces.reading.searched import SearchSpace, distribution_fault, prior_fault
from trainable.contract import SettingError

NOT_SPACES = ("__init__", "choose")


def space_names() -> list[str]:
    """Names of the spaces that ship with the project."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in NOT_SPACES)


def load_space(name_or_file: str) -> SearchSpace:
    """The space of that name, or the one in a file that ends in .py, with its prior where it has one.

    Raises:
        SettingError: there is none, it cannot be imported, it is no dict of Optuna distributions, or its prior is not
            of what is searched.
    """
    module = _module_globals(name_or_file)
    space, prior = module.get("SPACE"), module.get("PRIOR", {})
    if not isinstance(space, dict) or not space:
        raise _refused(name_or_file, "it must define SPACE, a dict from hyperparameter to Optuna distribution")
    if not isinstance(prior, dict):
        raise _refused(name_or_file, "its PRIOR must be a dict from hyperparameter to search_spaces.Prior")
    for name, distribution in space.items():
        if fault := distribution_fault(distribution):
            raise _refused(name_or_file, f"SPACE[{name!r}] {fault}")
    for name, one in prior.items():
        if fault := prior_fault(one, space.get(name)):
            raise _refused(name_or_file, f"PRIOR[{name!r}] {fault}")
    return SearchSpace(space, prior)


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
