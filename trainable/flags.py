"""How every command reads its flags, underscores or hyphens, and refuses those that are none.

Imports the standard library alone, so that `--help` is instant.
"""

import argparse
import difflib
import functools
import itertools
import re
from collections.abc import Collection
from dataclasses import MISSING
from typing import Any, NoReturn

from trainable.contract import SettingError, UserError
from trainable.settings.values import plain, truth, written
from trainable.settings_fields import Field, single_fields
from trainable.terminal.text import one_line

_FLAG = re.compile(r"--\w+")
_EMPTY = re.compile(r"(?:(--\w+)=)?\s*")
"""An argument without a value: of the flag before it, or of the one that it names."""
_NEGATIVE_NUMBER = re.compile(r"-\.?(\d|inf)")


class OneSentenceParser(argparse.ArgumentParser):
    """Raises a UserError where argparse would print its usage and exit.

    Args:
        takes: what the usage line says behind the command.
        options: of argparse.
    """

    def __init__(self, prog: str, description: str | None, takes: str = "[flags]", **options: Any) -> None:
        super().__init__(
            prog=prog,
            description=description,
            usage=f"%(prog)s {takes}",
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=32, width=110),
            allow_abbrev=False,
            **options,
        )
        self._negative_number_matcher = _NEGATIVE_NUMBER  # argparse's own (Python 3.11) takes -1e-05 for a flag

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What `parse_args` parses with, too.

        Raises:
            UserError: an empty value: of a shell's variable that is not set, it would mean as much as no flag.
        """
        arguments = [_with_underscores(argument) for argument in args]
        for before, argument in itertools.pairwise(["", *arguments]):
            if empty := _EMPTY.fullmatch(argument):
                what = empty[1] or (before if _FLAG.fullmatch(before) else "an argument")
                raise UserError(f"{what} is empty, as a shell's variable that is not set; give a value or leave it out")
        return super().parse_known_args(arguments, namespace)

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (--\w+)", message)
        if unknown:
            close = difflib.get_close_matches(unknown[1], self.flags(), n=1)
            hint = f"did you mean {close[0]}?" if close else "--help lists the flags"
            raise UserError(f"no flag {unknown[1]}; {hint}")
        if lacking := re.fullmatch(r"argument (--\w+): expected one argument", message):
            raise UserError(f"{lacking[1]} has no value; one that begins with '-' is written {lacking[1]}=VALUE")
        raise UserError(f"{one_line(message)}; --help lists the flags")

    def flags(self) -> list[str]:
        """From `_actions`, since argparse (read in Python 3.11) lists its flags in no public place."""
        return [flag for action in self._actions for flag in action.option_strings]


def _with_underscores(argument: str) -> str:
    """`--group-size=5` as `--group_size=5`; what is no flag stays."""
    flag, separator, value = argument.partition("=")
    return "--" + flag[2:].replace("-", "_") + separator + value if flag.startswith("--") else argument


def add_flags(
    parser: argparse.ArgumentParser, settings_type: type, title: str = "", names: Collection[str] | None = None
) -> dict[str, Any]:
    """Add settings as flags, each to argparse's group of the title that it names, else of `title`; those by title.

    Args:
        names: only these.
    """
    groups: dict[str, Any] = {}
    for name, field in single_fields(settings_type).items():
        if names is not None and name not in names:
            continue
        of_field = field.group or title
        if of_field not in groups:
            groups[of_field] = parser.add_argument_group(of_field)
        _add_flag(groups[of_field], field)
    return groups


def _add_flag(group: Any, field: Field) -> None:
    text = field.help.replace("%", "%%")
    if field.is_required:
        text += " (required)"
    elif field.default not in (None, "", (), [], False) and "default" not in text:
        text += f" (default: {' '.join(_texts(field.default))})".replace("%", "%%")
    choices = "{" + ",".join(map(written, field.type.choices)) + "}" if field.type.choices else None
    usual = "BOOL" if field.type.is_switch else field.name.split("_")[-1].upper()
    group.add_argument(
        f"--{field.name}",
        type=functools.partial(_read_flag, field),
        action="extend" if field.type.container and not field.type.length else "store",
        nargs=_count(field),
        const=True if field.type.is_switch else None,
        help=text,
        metavar=field.metavar or choices or usual,
    )


def _count(field: Field) -> int | str | None:
    """How many values argparse is to take: none only where that says something."""
    if not field.type.container:
        return "?" if field.type.is_switch else None
    return field.type.length or ("*" if field.default not in (MISSING, None, (), []) else "+")


def _read_flag(field: Field, text: str) -> Any:
    """One value, in the words that a file's value is refused in."""
    if field.type.is_optional and text == "None":
        return None
    try:
        return plain(field.type.read_item(text))
    except ValueError:
        raise SettingError(field.name, f" is {text!r:.80}; it must be {field.type.wanted}", "--") from None


def whole_number(text: str) -> int:
    """A flag's value that counts something; argparse tells which flag it was.

    Raises:
        argparse.ArgumentTypeError: it is no whole number above 0.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def add_switch(group: Any, name: str, text: str) -> None:
    """A flag that means True when given alone; `--name=True` and `--name False` are understood too."""
    group.add_argument(f"--{name}", nargs="?", const=True, type=_truth, metavar="BOOL", help=text)


def require_given(settings_type: type, given: Collection[str]) -> None:
    """
    Args:
        given: names of the settings that flags have given.

    Raises:
        UserError: one that has no default is missing.
    """
    fields = single_fields(settings_type).items()
    if missing := [f"--{name}" for name, field in fields if field.is_required and name not in given]:
        raise UserError(f"the following arguments are required: {', '.join(missing)}; --help lists the flags")


def as_arguments(settings: Any, names: Collection[str] | None = None) -> list[str]:
    """What to write on a command line to have these settings: the flags whose values are not the defaults.

    Args:
        names: only these.
    """
    arguments: list[str] = []
    for name, setting in single_fields(type(settings)).items():
        value = getattr(settings, setting.attribute)
        if value != setting.default and (names is None or name in names):
            arguments += as_flag(name, value)
    return arguments


def as_flag(name: str, value: Any) -> list[str]:
    """A setting as it is written on a command line."""
    texts = _texts(value)
    if len(texts) == 1 and texts[0].startswith("-"):  # argparse would take -1e-05 for a flag
        return [f"--{name}={texts[0]}"]
    return [f"--{name}", *texts]


def _texts(value: Any) -> list[str]:
    return [written(item) for item in (value if isinstance(value, (list, tuple)) else [value])]


def _truth(text: str) -> bool:
    try:
        return truth(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
