"""Settings as fields of frozen dataclasses: declared once, read from flags, YAML or JSON, compared at a resume.

A command's settings hold those of its kind of run in one of their fields; from outside they are one flat mapping from
names, which are the flags' too, to values. Imports what reads paths, the contract and the standard library alone.
"""

import contextlib
import dataclasses
import difflib
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from trainable.contract import SettingError
from trainable.user_paths import PathTo, read_path, require_usable

Field = dataclasses.Field[Any]
Settings = TypeVar("Settings")


class Role(StrEnum):
    """What a setting means to a resume, to a confirming sweep and to whoever compares trials.

    The record of a sweep holds the roles of all its settings.
    """

    TRAINING = "training"
    """It shapes what is trained: trials are told apart by it."""
    HYPERPARAMETER = "hyperparameter"
    """A sweep searches it unless it is told of another space."""
    DATA = "data"
    """It says where data lies or what is taken of it. The data is known by its fingerprint: where that is the same, a
    resume or a confirming sweep may have its own, and trials are not told apart by it."""
    CHANGEABLE = "changeable"
    """A resume may change it: epochs before and after are still of one training."""
    SEARCH = "search"
    """Only a search has it; a confirming sweep neither takes it over nor can be given it."""
    CONFIRM = "confirm"
    """A confirming sweep may be given its own."""


def setting(
    default: Any,
    text: str,
    *,
    roles: Collection[Role] = (Role.TRAINING,),
    group: str | None = None,
    choices: tuple[str, ...] | None = None,
    metavar: str | None = None,
    path_to: PathTo | None = None,
    is_path: Callable[[str], bool] | None = None,
) -> Any:
    """A dataclass field that is a setting.

    Args:
        text: for --help.
        group: of flags, in --help; none for the settings of a run, which are one group.
        metavar: what stands for the value in --help, instead of the name's last word.
        path_to: what a value, if it is a path, leads to.
        is_path: whether a value is a path, where it can be something else too.
    """
    metadata = {"help": text, "roles": roles, "group": group, "choices": choices, "metavar": metavar}
    return dataclasses.field(default=default, metadata=metadata | {"path_to": path_to, "is_path": is_path})


def roles_of(field: Field) -> Collection[Role]:
    """A field that was declared without `setting`, as those of a user's own run may be, shapes the training."""
    roles: Collection[Role] = field.metadata.get("roles", (Role.TRAINING,))
    return roles


def names_with(role: Role, settings_type: type) -> list[str]:
    """The settings of a type that have a role, by name."""
    return [name for name, field in single_fields(settings_type).items() if role in roles_of(field)]


def single_fields(settings_type: type) -> dict[str, Field]:
    """The fields of one plain value or a list of such, by name; one that holds other settings is not among them."""
    return {field.name: field for field in dataclasses.fields(settings_type) if plain_type(field)}


def plain_type(field: Field) -> type | None:
    """The type of one value: of a tuple's items, of an optional's value. None when the field holds settings."""
    members = typing.get_args(field.type) or (field.type,)
    return next((plain for plain in (bool, int, float, str) if plain in members), None)


def is_list(field: Field) -> bool:
    return isinstance(field.default, tuple)


def to_flat(settings: Any) -> dict[str, Any]:
    """Every setting by name, as YAML and JSON can hold it."""
    flat = {field.name: value for field, value in _every(settings)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}


def roles_by_name(settings: Any) -> dict[str, list[Role]]:
    """The roles of every setting by name."""
    return {field.name: list(roles_of(field)) for field, _ in _every(settings)}


def _every(settings: Any) -> Iterator[tuple[Field, Any]]:
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            yield from _every(value)
        else:
            yield field, value


@contextlib.contextmanager
def given_in(place: str, names: Collection[str]) -> Iterator[None]:
    """Have what is wrong with one of these settings say where it was given.

    Args:
        place: what precedes the name: "--" of a flag, "my.yaml: " of a line in that file.
    """
    try:
        yield
    except SettingError as error:
        if error.name not in names:
            raise
        raise SettingError(error.name, error.problem, place) from None


def typed_values(flat: Mapping[str, Any], *settings_types: type) -> list[dict[str, Any]]:
    """Flat values, typed or as text, checked, as the arguments of each of the types; paths are absolute.

    Raises:
        SettingError: no such setting, a value of the wrong type, or one that should be a path and is none.
    """
    fields_of_types = [single_fields(settings_type) for settings_type in settings_types]
    known = [name for fields in fields_of_types for name in fields]
    for name in flat:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "--help lists the settings, as flags"
            raise SettingError(name, f" is no setting; {hint}")
    return [
        {name: _typed(fields[name], value) for name, value in flat.items() if name in fields}
        for fields in fields_of_types
    ]


def _typed(field: Field, value: Any) -> Any:
    if is_list(field):
        return tuple(_typed_item(field, item) for item in (value if isinstance(value, (list, tuple)) else [value]))
    if value is None and field.default is None:
        return None
    typed = _typed_item(field, value)
    choices = field.metadata.get("choices")
    if choices and typed not in choices and typed != field.default:
        raise SettingError(field.name, f" {value!r}: it can be {', '.join(choices)}")
    if typed != field.default and _holds_path(field, typed):
        return str(read_path(typed, field.name))
    return typed


def _typed_item(field: Field, value: Any) -> Any:
    wanted = plain_type(field) or str
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return _READ[wanted](value)
    elif type(value) is wanted:
        return value
    elif wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number beyond what a float can be
            return float(value)
    shown = "empty" if value is None else f"{value!r:.80}"
    one = ", and one value" if isinstance(value, (list, dict)) else ""
    raise SettingError(field.name, f" is {shown}; it must be {_KINDS[wanted]}{one}")


def truth(text: str) -> bool:
    """True or False from a word for it.

    Raises:
        ValueError: it is none.
    """
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"{text!r} is neither true nor false")


def _number(text: str) -> float:
    return float(text.replace(".inf", "inf"))  # as YAML writes it


_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_READ: dict[type, Callable[[str], Any]] = {bool: truth, int: int, float: _number, str: str}
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def require(settings: Any, name: str, holds: bool, wanted: str) -> None:
    """Refuse a value out of its range, in the words that every setting has for that.

    Raises:
        SettingError: it does not hold.
    """
    if not holds:
        raise SettingError(name, f" is {getattr(settings, name)!r}; it must be {wanted}")


def with_values(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The same settings but for these values, as JSON or a search space has them.

    Raises:
        SettingError: one of the wrong type.
        UserError: one out of its range.
    """
    fields = single_fields(type(settings))
    typed = {name: _typed(fields[name], value) if name in fields else value for name, value in values.items()}
    return dataclasses.replace(settings, **typed)  # type: ignore[type-var]


def require_usable_paths(settings: Any) -> None:
    """Refuse settings whose files and folders are not there, or cannot be read or written.

    Raises:
        SettingError: the first such path.
    """
    for field, value in _every(settings):
        if value and _holds_path(field, value):
            require_usable(Path(value), field.metadata["path_to"], field.name)


def _holds_path(field: Field, value: Any) -> bool:
    """Whether it is a path, or should be one."""
    is_path = field.metadata.get("is_path")
    return bool(field.metadata.get("path_to")) and (is_path is None or is_path(value))


@dataclasses.dataclass(frozen=True)
class Change:
    """One setting that a resume would change."""

    name: str
    before: Any
    after: Any
    allowed: bool


def changes(before: Any, after: Any) -> list[Change]:
    """In what two settings of the same types differ."""
    recorded, roles = to_flat(before), roles_by_name(after)
    return [
        Change(name, recorded[name], value, not {Role.CHANGEABLE, Role.DATA}.isdisjoint(roles[name]))
        for name, value in to_flat(after).items()
        if value != recorded[name]
    ]
