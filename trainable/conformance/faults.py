"""What is wrong with a kind of run, in a sentence, with the traceback of its own code where that raised something."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from trainable.contract import PROJECT, UserError
from trainable.runs import DamagedCheckpoint, Diverged

OURS = (PROJECT / "trainable" / "conformance", PROJECT / "trainable" / "runs")


class Fault(Exception):
    """A check that a kind of run does not pass."""

    def __init__(self, sentence: str, trace: str = "", is_doubt: bool = False) -> None:
        """
        Args:
            trace: of the kind's own code.
            is_doubt: whether it may be meant so.
        """
        super().__init__(sentence, trace, is_doubt)
        self.sentence, self.trace, self.is_doubt = sentence, trace, is_doubt


class Divergence(Fault):
    """The training's numbers are no longer finite, which at some settings is as it should be."""


@contextmanager
def told_of(what: str) -> Iterator[None]:
    """Within the block, code of the kind runs, and whatever that raises is the answer.

    Args:
        what: that is, such as "`start`".

    Raises:
        Fault: it raised something, or gave what cannot be taken.
    """
    try:
        yield
    except Fault:
        raise
    except Diverged as error:
        raise Divergence(f"{what}: the training diverges ({error}) at settings that should train") from error
    except (Exception, SystemExit) as error:
        theirs = _their_frames(error.__traceback__)
        if isinstance(error, (UserError, DamagedCheckpoint)) or theirs is None:
            raise Fault(f"{what}: {error.args[0] if error.args else error}") from error
        trace = "".join(traceback.format_exception(type(error), error, theirs))
        raise Fault(f"{what} raises {type(error).__name__}: {error}", trace) from error


def _their_frames(trace: TracebackType | None) -> TracebackType | None:
    """Without those of ours that lead to them; None where nothing of theirs was running."""
    while trace and any(Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder) for folder in OURS):
        trace = trace.tb_next
    return trace
