"""Find a search space by name, or load a user's own from a Python or YAML file."""

import runpy
from pathlib import Path
from typing import Any

from search_spaces.reading.define_by_run import seen_distributions
from search_spaces.reading.files import YAML_FILES, is_space_file
from search_spaces.reading.quiet import quiet
from search_spaces.reading.searched import SearchSpace, distribution_fault, prior_fault
from search_spaces.reading.yaml_file import read_yaml_space
from trainable.contract import SettingError, UserError
from trainable.runs.code_faults import CodeFault, cause_with_place

NOT_SPACES = ("__init__", "choose")


def space_names() -> list[str]:
    """Names of the spaces that ship with the project."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in NOT_SPACES)


def load_space(name_or_file: str) -> SearchSpace:
    """The space of that name, or the one in a .py or .yaml file, with its prior where it has one.

    Raises:
        SettingError: there is none, it cannot be read, it holds neither a dict of Optuna distributions nor a function
            that draws from some, or its prior is not of what is searched.
        CodeFault: a function raised.
    """
    file = Path(name_or_file)
    if name_or_file not in space_names() and not is_space_file(name_or_file):
        known = ", ".join(space_names())
        raise _refused(repr(name_or_file), f"no such space; it can be {known} or a file ending in .py or .yaml")
    try:
        with quiet():
            return _of_yaml(file) if file.suffix in YAML_FILES else _of_python(name_or_file)
    except (CodeFault, SettingError):
        raise
    except UserError as error:
        raise _refused(name_or_file, str(error)) from None


def _of_yaml(file: Path) -> SearchSpace:
    space, prior = read_yaml_space(file)
    return _checked(SearchSpace(space, prior, where=str(file)), "{}", "the prior of {}")


def _of_python(name_or_file: str) -> SearchSpace:
    module = _module_globals(name_or_file)
    space, prior, function = module.get("SPACE"), module.get("PRIOR", {}), None
    if callable(space):
        function, space = space, seen_distributions(space, name_or_file)
    if not isinstance(space, dict) or not space:
        raise UserError(
            "it must define SPACE, a dict from hyperparameter to Optuna distribution or a function of an Optuna trial"
        )
    if not isinstance(prior, dict):
        raise UserError("its PRIOR must be a dict from hyperparameter to search_spaces.Prior")
    about = (module.get("__doc__") or "").strip().partition("\n")[0]
    return _checked(SearchSpace(space, prior, function, name_or_file, about), "SPACE[{!r}]", "PRIOR[{!r}]")


def _checked(space: SearchSpace, called: str, prior_called: str) -> SearchSpace:
    """The space, none of whose distributions and priors has a fault.

    Args:
        called: what a distribution is called in the file, a format of its hyperparameter.
        prior_called: the same of a prior.
    """
    for name, distribution in space.distributions.items():
        if fault := distribution_fault(distribution):
            raise UserError(f"{called.format(name)} {fault}")
    for name, prior in space.prior.items():
        if fault := prior_fault(prior, space.distributions.get(name)):
            raise UserError(f"{prior_called.format(name)} {fault}")
    return space


def _module_globals(name_or_file: str) -> dict[str, Any]:
    file = Path(name_or_file)
    if name_or_file in space_names():
        file = Path(__file__).with_name(f"{name_or_file}.py")
    try:
        return runpy.run_path(str(file))
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        raise UserError(f"{cause_with_place(error)}; mend the file") from error


def _refused(name_or_file: str, why: str) -> SettingError:
    return SettingError("search_space", f" {name_or_file}: {why}")
