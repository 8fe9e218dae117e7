"""The types of value that a setting can have: found in a field's annotation, read from text, YAML or JSON, and written
as these can hold them.

Imports the standard library alone.
"""

import collections.abc
import dataclasses
import enum
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

DECLARABLE = (
    "bool, int, float, str, Path, an Enum, a Literal of such values, a number or a Literal of words (float | "
    "Literal['auto']), a list or tuple of values of one such type, and any of these or None"
)
"""In words."""


@dataclass(frozen=True)
class ValueType:
    """One plain value, one of a few, or a list of either."""

    item: type = str
    """bool, int, float, str or Path; of no meaning where there are choices."""
    choices: tuple[Any, ...] = ()
    """All that it can be: of an Enum or a Literal."""
    words: tuple[str, ...] = ()
    """What a number can be besides: of `float | Literal["auto"]`."""
    container: Callable[[list[Any]], Any] | None = None
    """`list` or `tuple`, where it holds several."""
    length: int | None = None
    """How many, where that is fixed."""
    is_optional: bool = False
    """Whether it can be None."""

    @property
    def is_switch(self) -> bool:
        """Whether a flag alone says all."""
        return self.item is bool and not self.choices and self.container is None

    @property
    def wanted(self) -> str:
        """What one value must be, in words."""
        if self.choices:
            return f"one of {', '.join(map(written, self.choices))}"
        return " or ".join([_WANTED[self.item], *self.words])

    def read_item(self, value: Any) -> Any:
        """One value, typed or as text; a path is left as text, since who reads it must say where it was given.

        Raises:
            ValueError: it is of another type.
        """
        if not self.choices:
            return value if value in self.words else _read(self.item, value)
        for choice in self.choices:
            as_plain = plain(choice)
            try:
                if _read(type(as_plain), value) == as_plain:
                    return choice
            except ValueError:  # choices may differ in type
                continue
        raise ValueError(value)


def value_type(annotation: Any) -> ValueType | None:
    """What an annotation allows; None for one that no setting can have."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    others = tuple(argument for argument in arguments if argument not in (None, types.NoneType))
    is_optional = len(others) < len(arguments)
    if annotation in _READ:
        return ValueType(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum) and not issubclass(annotation, enum.Flag):
        return ValueType(choices=tuple(annotation))
    if origin is typing.Literal and all(isinstance(choice, (bool, int, str, Enum)) for choice in others):
        return ValueType(choices=others, is_optional=is_optional)
    if origin in (typing.Union, types.UnionType):
        return _of_union(others, is_optional)
    if origin in (list, tuple, collections.abc.Sequence) and len(set(arguments) - {...}) == 1:
        one = value_type(arguments[0])
        if one and not one.container and not one.is_optional:
            length = None if origin is not tuple or ... in arguments else len(arguments)
            return dataclasses.replace(one, container=list if origin is list else tuple, length=length)
    return None


def _of_union(members: tuple[Any, ...], is_optional: bool) -> ValueType | None:
    """Of one type, or of a number and the words that may stand for it."""
    if len(members) == 1:
        one = value_type(members[0])
        return one and dataclasses.replace(one, is_optional=is_optional)
    number, *others = sorted(members, key=lambda member: member not in (int, float))
    words = value_type(others[0]) if len(others) == 1 and number in (int, float) else None
    if words is None or not words.choices or not all(type(word) is str for word in words.choices):
        return None
    return ValueType(number, words=words.choices, is_optional=is_optional)


def plain(value: Any) -> Any:
    """A setting's value as YAML and JSON can hold it."""
    if isinstance(value, Enum):  # StrEnum, too, which YAML would not take for text
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def written(value: Any) -> str:
    """One value as text, which reads as that value."""
    return str(plain(value))


def truth(text: str) -> bool:
    """True or False from a word for it.

    Raises:
        ValueError: it is none.
    """
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"{text!r} is neither true nor false")


def _read(wanted: type, value: Any) -> Any:
    if isinstance(value, str):
        return _READ[wanted](value)
    if type(value) is wanted:
        return value
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a whole number beyond what a float can be
            raise ValueError(value) from None
    raise ValueError(value)


def _number(text: str) -> float:
    number = float(text.replace(".inf", "inf"))  # as YAML writes it
    if number != number:
        raise ValueError("NaN is no number, and no two of it are the same setting")
    return number


def _text(text: str) -> str:
    text.encode()  # fails on what the command line could not decode, and no file of a record could hold
    return text


_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_READ: dict[Any, Callable[[str], Any]] = {bool: truth, int: int, float: _number, str: _text, Path: _text}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path"}
