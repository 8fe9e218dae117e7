"""What a whole proposal must satisfy before it becomes a trial: values that are fine alone may not be together."""

from collections.abc import Mapping
from typing import Any

from results.listing.formatting import shown_setting
from trainable import contract
from trainable.contract import UserError
from trainable.runs import RunKind
from trainable.settings_fields import with_values


def why_refused(kind: RunKind, settings: Any, hyperparameters: Mapping[str, Any]) -> str:
    """Why no trial can have these hyperparameters, in one line; empty where one can.

    Args:
        settings: of the run; what is fixed is theirs.
    """
    of_run = {name: value for name, value in hyperparameters.items() if name != contract.SEED}
    try:
        kind.check(with_values(settings, of_run))
    except (UserError, ValueError) as error:  # by a ValueError, other libraries' settings refuse what they are given
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def require_possible(what: str, remedy: str, kind: RunKind, settings: Any, hyperparameters: Mapping[str, Any]) -> None:
    """Refuse a sweep one of whose trials is known already and cannot be.

    Args:
        what: the trial, for the error.

    Raises:
        UserError: why it cannot be.
    """
    reason = why_refused(kind, settings, hyperparameters)
    if reason:
        raise UserError(f"{what} ({shown_setting(hyperparameters)}) cannot be trained: {reason}; {remedy}")
