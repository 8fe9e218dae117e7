"""Settings as fields of frozen dataclasses: declared once, read from flags, YAML or JSON, compared at a resume.

A command's settings hold those of its kind of run in one of their fields; from outside they are one flat mapping from
names, which are the flags' too, to values. Imports what reads paths, the contract and the standard library alone.
"""

import contextlib
import dataclasses
import difflib
import inspect
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from trainable.contract import SettingError, UserError
from trainable.settings.values import DECLARABLE, ValueType, plain, value_type, written
from trainable.user_paths import PathTo, read_path, require_usable

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
    flag: str | None = None,
    path_to: PathTo | None = None,
    is_path: Callable[[str], bool] | None = None,
) -> Any:
    """A dataclass field that is a setting.

    Args:
        default: of a list, a tuple; `dataclasses.MISSING` where a value must be given.
        text: for --help.
        group: of flags, in --help; none for the settings of a run, which are one group.
        metavar: what stands for the value in --help, instead of the name's last word.
        flag: what the setting is called outside, where Python has that word for itself.
        path_to: what a value, if it is a path, leads to; none where whoever goes there checks that.
        is_path: whether a value is a path, or begins with one, where it can be something else too.
    """
    metadata = {"help": text, "roles": roles, "group": group, "choices": choices, "metavar": metavar}
    of_path = {"path_to": path_to, "is_path": is_path}
    return dataclasses.field(default=default, metadata={**metadata, **of_path, "flag": flag})


@dataclasses.dataclass(frozen=True)
class Field:
    """A field that is one setting, as `setting` or a plain dataclass declares it."""

    name: str
    """Of the setting: its flag's, and that of its line in a file."""
    attribute: str
    """Of the field, nearly always the same."""
    type: ValueType
    default: Any
    """MISSING where a value must be given."""
    help: str = ""
    roles: Collection[Role] = (Role.TRAINING,)
    group: str | None = None
    metavar: str | None = None
    path_to: PathTo | None = None
    is_path: Callable[[str], bool] | None = None

    @property
    def is_required(self) -> bool:
        return self.default is MISSING

    def holds_path(self, text: str) -> bool:
        """Whether that value is a path, or should be one."""
        if self.is_path:
            return self.is_path(text)
        return bool(self.path_to) or self.type.item is Path


def names_with(role: Role, settings_type: type) -> list[str]:
    """The settings of a type that have a role, by name."""
    return [name for name, field in single_fields(settings_type).items() if role in field.roles]


def single_fields(settings_type: type) -> dict[str, Field]:
    """The fields of plain values, by name; those that hold other settings or are not given but made are left out."""
    annotations = typing.get_type_hints(settings_type)
    declared = ((field, value_type(annotations[field.name])) for field in _given_fields(settings_type))
    singles = (_field(field, of_type) for field, of_type in declared if of_type)
    return {single.name: single for single in singles}


def _given_fields(settings_type: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(settings_type) if field.init]


def _field(field: dataclasses.Field[Any], of_type: ValueType) -> Field:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    of_type = dataclasses.replace(
        of_type,
        choices=tuple(field.metadata.get("choices") or of_type.choices),
        is_optional=of_type.is_optional or default is None,
    )
    said = {key: field.metadata[key] for key in _SAID if field.metadata.get(key) is not None}
    return Field(field.metadata.get("flag") or field.name, field.name, of_type, default, **said)


_SAID = ("help", "roles", "group", "metavar", "path_to", "is_path")
"""What a field's metadata may tell."""


def require_declarable(settings_type: Any, taken_names: Collection[str]) -> None:
    """Refuse settings that a sweep could not read, record or tell from its own.

    Args:
        taken_names: what no setting can be called.

    Raises:
        UserError: the first fault, with the type and the field.
    """
    if not (isinstance(settings_type, type) and dataclasses.is_dataclass(settings_type)):
        raise UserError(f"settings_type is {settings_type!r:.80}; it must be a dataclass: @dataclass(frozen=True)")
    of = settings_type.__qualname__
    if not settings_type.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise UserError(f"{of} can be changed, and settings cannot; declare it with @dataclass(frozen=True)")
    try:
        annotations = typing.get_type_hints(settings_type)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise UserError(f"{of} has a field whose type cannot be read ({error}); import or correct it") from None
    fields = {field.attribute: field for field in single_fields(settings_type).values()}
    for field in _given_fields(settings_type):
        place = f"{of}.{field.name}"
        if field.name in taken_names:
            raise UserError(f"{place}: {field.name} is a name of the sweep's own; call the setting something else")
        annotation = annotations[field.name]
        if field.name not in fields:
            inherit = "inherit its fields instead, or " if dataclasses.is_dataclass(annotation) else ""
            raise UserError(
                f"{place} is declared as {inspect.formatannotation(annotation)}, which no flag can give; {inherit}use "
                + DECLARABLE
            )
        _require_default_of_type(fields[field.name], place)
    for name in inspect.signature(settings_type).parameters:
        if name not in fields:
            raise UserError(f"{of} takes {name}, which is no field of it; make it one, with a type and a default")


def _require_default_of_type(field: Field, place: str) -> None:
    default, wanted = field.default, field.type
    if field.is_required or (wanted.is_optional and default is None):
        return
    items = default if isinstance(default, (list, tuple)) else [default]
    fits = (items is default) == bool(wanted.container) and wanted.length in (None, len(items))
    if not (fits and all(_is_of_type(item, wanted) for item in items)):
        several = " each" if wanted.container else ""
        raise UserError(f"{place} has the default {default!r:.80}; it must be {wanted.wanted}{several}")


def _is_of_type(item: Any, wanted: ValueType) -> bool:
    if wanted.choices:
        return item in wanted.choices
    if isinstance(item, Path) != (wanted.item is Path) or type(plain(item)) not in (bool, int, float, str):
        return False
    try:
        return bool(wanted.read_item(plain(item)) == plain(item))
    except ValueError:
        return False


def to_flat(settings: Any) -> dict[str, Any]:
    """Every setting by name, as YAML and JSON can hold it."""
    return {field.name: plain(value) for field, value in _every(settings)}


def roles_by_name(settings: Any) -> dict[str, list[Role]]:
    """The roles of every setting by name."""
    return {field.name: list(field.roles) for field, _ in _every(settings)}


def _every(settings: Any) -> Iterator[tuple[Field, Any]]:
    singles = {single.attribute: single for single in single_fields(type(settings)).values()}
    for field in _given_fields(type(settings)):
        value = getattr(settings, field.name)
        if field.name in singles:
            yield singles[field.name], value
        elif dataclasses.is_dataclass(value):
            yield from _every(value)


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
    """Flat values, typed or as text, checked, those of each of the types by name; paths are absolute.

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
    value, default = plain(value), plain(field.default)
    if type(value) is type(default) and value == default:  # right as it stands: no choice, or a path from somewhere
        return field.default
    if field.type.is_optional and value in (None, "None"):  # as a command line must have it
        return None
    if not field.type.container:
        return _typed_item(field, value)
    items = value if isinstance(value, list) else [value]
    if field.type.length not in (None, len(items)):
        raise SettingError(field.name, f" is {value!r:.80}; it must be {field.type.length} values")
    return field.type.container([_typed_item(field, item) for item in items])


def _typed_item(field: Field, value: Any) -> Any:
    try:
        typed = field.type.read_item(value)
    except ValueError:
        shown = "empty" if value is None else f"{value!r:.80}"
        one = ", and one value" if isinstance(value, (list, dict)) else ""
        raise SettingError(field.name, f" is {shown}; it must be {field.type.wanted}{one}") from None
    if isinstance(typed, str) and field.holds_path(typed):
        return field.type.item(read_path(typed, field.name))
    return typed


def built(settings_type: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Settings of typed values; the others have their defaults.

    Raises:
        UserError: one that has no default is not given, or the type itself refuses a value.
    """
    for name, field in single_fields(settings_type).items():
        if field.is_required and name not in values:
            raise SettingError(name, f" has no default; give --{name}, or set it in the file of --config")
    try:
        return settings_type(**arguments_of(settings_type, values))
    except ValueError as error:  # how a dataclass that is used elsewhere, too, refuses a value
        raise UserError(" ".join(str(error).split())) from None


def arguments_of(settings_type: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by setting's name as what the type is built with."""
    fields = single_fields(settings_type)
    return {fields[name].attribute: value for name, value in values.items()}


def require(settings: Any, name: str, holds: bool, wanted: str) -> None:
    """Refuse a value out of its range, in the words that every setting has for that.

    Raises:
        SettingError: it does not hold.
    """
    if not holds:
        raise SettingError(name, f" is {plain(getattr(settings, name))!r}; it must be {wanted}")


def with_values(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The same settings but for these values, as JSON or a search space has them.

    Raises:
        SettingError: one of the wrong type.
        UserError: one out of its range.
    """
    (typed,) = typed_values(values, type(settings))
    fields = single_fields(type(settings))
    return built(type(settings), {name: getattr(settings, field.attribute) for name, field in fields.items()} | typed)


def require_usable_paths(settings: Any) -> None:
    """Refuse settings whose files and folders are not there, or cannot be read or written.

    Raises:
        SettingError: the first such path.
    """
    for field, value in _every(settings):
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item and field.path_to and field.holds_path(written(item)):
                require_usable(Path(item), field.path_to, field.name)


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
