"""Find a search space by name, or load a user's own from a Python file."""

import runpy
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution

from trainable.contract import UserError

NOT_SPACES = ("__init__", "choose")


def space_names() -> list[str]:
    """Names of the spaces that ship with the project."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in NOT_SPACES)


def load_space(name_or_file: str) -> dict[str, BaseDistribution]:
    """The space of that name, or the one in a file that ends in .py.

    Raises:
        UserError: there is none, it cannot be imported, or it is no dict of Optuna distributions.
    """
    space = _module_globals(name_or_file).get("SPACE")
    if not isinstance(space, dict) or not space:
        raise UserError(
            f"--search_space {name_or_file}: it must define SPACE, a dict from hyperparameter to Optuna distribution"
        )
    for name, distribution in space.items():
        if not isinstance(distribution, BaseDistribution):
            raise UserError(
                f"--search_space {name_or_file}: SPACE[{name!r}] is {distribution!r}, not an Optuna distribution "
                "such as optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)"
            )
    return space


def _module_globals(name_or_file: str) -> dict[str, Any]:
    file = Path(name_or_file)
    if name_or_file in space_names():
        file = Path(__file__).with_name(f"{name_or_file}.py")
    elif file.suffix != ".py":
        raise UserError(
            f"--search_space {name_or_file!r}: no such space; "
            f"it can be {', '.join(space_names())} or a file ending in .py"
        )
    try:
        return runpy.run_path(str(file))
    except Exception as error:  # the user's own code: whatever it raises is the user's answer
        raise UserError(f"--search_space {file}: {type(error).__name__}: {error}; mend the file") from error
