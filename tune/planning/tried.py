"""Settings that the user gives, to be tried right after the starting values: --try lr=3e-4,group_size=8."""

from typing import Any

from results.record.space import Space
from trainable.contract import SettingError, UserError
from trainable.runs.code_faults import CodeFault, asked
from trainable.settings_fields import single_fields, to_flat, with_values
from tune.planning.proposals import require_possible
from tune.request.settings import SweepSettings


def tried_settings(settings: SweepSettings, space: Space) -> list[dict[str, Any]]:
    """A whole trial's hyperparameters of each: what is not named has its starting value.

    Raises:
        UserError: one names what is not searched, or has a value that no trial can have.
    """
    return [_tried(text, settings, space) for text in settings.tried]


def _tried(text: str, settings: SweepSettings, space: Space) -> dict[str, Any]:
    given = _pairs(text)
    for name in given:
        if name in space:
            continue
        is_fixed = name in single_fields(type(settings.run_settings))
        hint = f"give --{name}, or a space that searches it" if is_fixed else f"searched are {', '.join(space)}"
        raise SettingError("try", f" {text}: {name} is not searched; {hint}")
    try:
        trained = to_flat(asked("settings", with_values, settings.run_settings, given))
    except CodeFault:
        raise
    except UserError as error:
        raise SettingError("try", f" {text}: {error}") from None
    hyperparameters = {name: trained[name] for name in space}
    require_possible(f"--try {text}", settings.run_kind, settings.run_settings, hyperparameters)
    return hyperparameters


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in text.split(","):
        name, separator, value = (part.strip() for part in item.partition("="))
        if not (name and separator and value):
            raise SettingError("try", f" {text}: {item.strip()!r} is no value of a hyperparameter; write NAME=VALUE")
        if name in pairs:
            raise SettingError("try", f" {text}: {name} is given twice; leave one out")
        pairs[name] = value
    return pairs
