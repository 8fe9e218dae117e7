"""A sampler by its name, or a function in a file of the user's, which is read as a kind of run is: once, by the driver.

A function takes a study, a seed and a proposal's number, and gives a sampler of Optuna's or of the user's own.
"""

from pathlib import Path

from trainable.contract import SettingError, UserError
from trainable.runs.choosing import source_files
from trainable.runs.code_faults import cause_with_place
from trainable.runs.source_files import import_source_files
from tune.sampling.names import SAMPLERS
from tune.sampling.samplers import ChosenSampler


def chosen_sampler(name: str) -> ChosenSampler:
    """
    Raises:
        UserError: a file cannot be read or run, or has no such function.
    """
    if name in SAMPLERS:
        return ChosenSampler(name)
    file, _, attribute = name.rpartition(":")
    if name.endswith(".py"):
        raise SettingError("sampler", f" {name}: it names no function in there; give {name}:FUNCTION")
    try:
        module = import_source_files(source_files(name, "sampler"))
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        raise SettingError(
            "sampler", f" {name}: it cannot be imported: {cause_with_place(error)}; mend its code"
        ) from error
    function = vars(module).get(attribute)
    if not callable(function):
        raise SettingError(
            "sampler",
            f" {name}: the file has no function {attribute!r}; name one of (study, seed, number) that gives a sampler",
        )
    return ChosenSampler(f"{Path(file).name}:{attribute}", function)
