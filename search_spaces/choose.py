"""Find a search space by name, or load a user's own from a Python file."""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from optuna.distributions import BaseDistribution

from trainable.contract import UserError

SearchSpace = dict[str, BaseDistribution]

NOT_SPACES = ("__init__", "choose")


def space_names() -> list[str]:
    """Names of the spaces that ship with the project."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in NOT_SPACES)


def located(name_or_file: str) -> str:
    """What names the same space from any folder."""
    return str(Path(name_or_file).absolute()) if name_or_file.endswith(".py") else name_or_file


def load_space(name_or_file: str) -> SearchSpace:
    """The space of that name, or the one in a file that ends in .py.

    Raises:
        UserError: there is none, it cannot be imported, or it is no dict of Optuna distributions.
    """
    module = _module(name_or_file)
    space = getattr(module, "SPACE", None)
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


def _module(name_or_file: str) -> ModuleType:
    if name_or_file in space_names():
        return importlib.import_module(f"search_spaces.{name_or_file}")
    file = Path(name_or_file)
    if file.suffix != ".py":
        raise UserError(
            f"--search_space {name_or_file!r}: no such space; "
            f"it can be {', '.join(space_names())} or a file ending in .py"
        )
    spec = importlib.util.spec_from_file_location("users_search_space", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UserError(f"--search_space {file}: there is no such file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the user's own code: whatever it raises is the user's answer
        raise UserError(f"--search_space {file}: {type(error).__name__}: {error}; mend the file") from error
    return module
