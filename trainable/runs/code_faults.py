"""What a user's code raises where no trial could be marked with it, told to whoever wrote that code."""

import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from trainable.contract import PROJECT, UserError
from trainable.system_errors import in_words, refusal_in

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_NOT_THEIRS = (
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *(PROJECT / place for place in ("tune", "search_spaces", "trainable/runs", "trainable/settings_fields.py")),
)


class CodeFault(UserError):
    """A fault in that code: a sentence, and below it the way there through that code."""


def cause_with_place(error: BaseException) -> str:
    """What was raised, and the line of that code which led to it, in the middle of a sentence."""
    what = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    frames = _their_frames(error)
    if isinstance(error, SyntaxError) or not frames:  # a SyntaxError's text has its line
        return what
    return f"{what} ({frames[-1].filename}, line {frames[-1].lineno})"


def _their_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The way through the code of whoever wrote the kind, without libraries and ours; else all of it."""
    frames = list(traceback.extract_tb(error.__traceback__))
    return [frame for frame in frames if _is_theirs(Path(frame.filename))] or frames


def _is_theirs(file: Path) -> bool:
    """Code that was made as it ran, such as a dataclass's `__init__`, has no path."""
    return file.is_absolute() and not any(file.is_relative_to(place) for place in _NOT_THEIRS)


def asked(
    what: str, function: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Result:
    """What a function of a kind of run gives.

    Args:
        what: of the kind it is, for the error: "prepare".

    Raises:
        UserError: the function's own; or what the system refused it, of which file.
        CodeFault: it raised anything else.
    """
    return called(f"the run's {what}", function, *arguments, **named)


def called(
    what: str, function: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Result:
    """What a function of a user's gives.

    Args:
        what: it is, for the error.

    Raises:
        UserError: the function's own; or what the system refused it, of which file.
        CodeFault: it raised anything else.
    """
    try:
        return function(*arguments, **named)
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        if isinstance(error, OSError) and (error.filename or refusal_in(error)):
            raise UserError(f"{what}: {in_words(error)}") from error
        way = "".join(traceback.format_list(_their_frames(error))).rstrip()
        raise CodeFault(f"{what} raised {cause_with_place(error)}; mend it there:\n{way}") from error
