"""What the code of a kind of run raises where no trial could be marked with it, told to whoever wrote that code."""

import os
import sysconfig
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from trainable.contract import UserError
from trainable.system_errors import in_words, refusal_in

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class CodeFault(UserError):
    """A fault in that code: a sentence, and below it the way there through that code."""


def cause_with_place(error: BaseException) -> str:
    """What was raised, and the line of the user's code that it came from, in the middle of a sentence."""
    what = " ".join(traceback.format_exception_only(error)[-1].split())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.isabs(frame.filename)]
    theirs = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    if isinstance(error, SyntaxError) or not frames:
        return what
    place = (theirs or frames)[-1]
    return f"{what} ({place.filename}, line {place.lineno})"


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
    try:
        return function(*arguments, **named)
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        if isinstance(error, OSError) and (error.filename or refusal_in(error)):
            raise UserError(f"the run's {what}: {in_words(error)}") from error
        of_theirs = error.__traceback__.tb_next if error.__traceback__ else None
        way = "".join(traceback.format_list(traceback.extract_tb(of_theirs))).rstrip()
        raise CodeFault(f"the run's {what} raised {cause_with_place(error)}; mend it there:\n{way}") from error
