"""Command-line flags from the fields of a settings dataclass: underscores or hyphens, and errors of one sentence.

A field with a `help` in its metadata is a flag; `choices`, `metavar` and `group` are taken from there too. Imports the
standard library alone, so that `--help` is instant.
"""

import argparse
import dataclasses
import difflib
import re
import typing
from pathlib import Path
from typing import Any, NoReturn

from trainable.contract import UserError

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


class OneSentenceParser(argparse.ArgumentParser):
    """Raises a UserError where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (--\w+)", message)
        if unknown:
            known = [option for action in self._actions for option in action.option_strings]
            close = difflib.get_close_matches(unknown[1], known, n=1)
            hint = f"did you mean {close[0]}?" if close else "--help lists the flags"
            raise UserError(f"no flag {unknown[1]}; {hint}")
        raise UserError(f"{message}; --help lists the flags")


def new_parser(prog: str, description: str) -> OneSentenceParser:
    """A parser that gives only the flags that were used; whoever merges the values knows the defaults."""
    return OneSentenceParser(
        prog=prog,
        description=description,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=32, width=110),
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
        usage="%(prog)s [flags]",
    )


def with_underscores(argument: str) -> str:
    """`--group-size=5` as `--group_size=5`; what is no flag stays."""
    flag, separator, value = argument.partition("=")
    return flag.replace("-", "_").replace("__", "--", 1) + separator + value if flag.startswith("--") else argument


def flag_fields(settings_type: type) -> "dict[str, dataclasses.Field[Any]]":
    """The fields that are flags, by name."""
    return {f.name: f for f in dataclasses.fields(settings_type) if "help" in f.metadata}


def add_flag(group: Any, name: str, setting: "dataclasses.Field[Any]", text: str | None = None) -> None:
    """Add a field as `--name` to an argparse group, with the field's own help unless another is given."""
    text = (text or setting.metadata["help"]).replace("%", "%%")
    wanted = value_type(setting)
    if setting.default not in (None, "", ()) and wanted is not bool and "default" not in text:
        text += f" (default: {setting.default})"
    if wanted is bool:
        add_switch(group, name, text)
        return
    choices = setting.metadata.get("choices")
    group.add_argument(
        f"--{name}",
        type=wanted,
        choices=choices,
        nargs="+" if is_list(setting) else None,
        help=text,
        metavar=setting.metadata.get("metavar", None if choices else name.split("_")[-1].upper()),
    )


def add_switch(group: Any, name: str, text: str) -> None:
    """A flag that means True when given alone; `--name=True` and `--name False` are understood too."""
    group.add_argument(f"--{name}", nargs="?", const=True, type=_truth, metavar="BOOL", help=text)


def with_absolute_folders(settings: Any) -> Any:
    """The same settings, their folders that exist as they are found from wherever the work is resumed.

    A field with `folder` in its metadata may name one.
    """
    named = {
        name: Path(getattr(settings, name))
        for name, setting in flag_fields(type(settings)).items()
        if setting.metadata.get("folder") and getattr(settings, name)
    }
    return dataclasses.replace(
        settings, **{name: str(path.absolute()) for name, path in named.items() if path.is_dir()}
    )


def as_arguments(settings: Any) -> list[str]:
    """What to write on a command line to have these settings: the flags whose values are not the defaults."""
    arguments: list[str] = []
    for name, setting in flag_fields(type(settings)).items():
        value = getattr(settings, name)
        if value != setting.default:
            arguments += [f"--{name}", *map(str, value if isinstance(value, tuple) else [value])]
    return arguments


def value_type(setting: "dataclasses.Field[Any]") -> type:
    """The type of one value: of a tuple's items, of an optional's value."""
    members = typing.get_args(setting.type) or (setting.type,)
    return next(plain for plain in (bool, int, float, str) if plain in members)


def is_list(setting: "dataclasses.Field[Any]") -> bool:
    return isinstance(setting.default, tuple)


def _truth(text: str) -> bool:
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
