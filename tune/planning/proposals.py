"""What a whole proposal must satisfy before it becomes a trial: values that are fine alone may not be together."""

from collections.abc import Iterable, Mapping
from typing import Any

from results.listing.formatting import shown_setting
from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.contract import SettingError, UserError, shown_path
from trainable.runs import RunKind
from trainable.runs.code_faults import CodeFault, asked
from trainable.settings.values import plain
from trainable.settings_fields import with_values


def why_refused(kind: RunKind, settings: Any, hyperparameters: Mapping[str, Any]) -> str:
    """Why no trial can have these hyperparameters, in one line; empty where one can.

    Args:
        settings: of the run; what is fixed is theirs.

    Raises:
        CodeFault: the kind's own code failed at it.
    """
    try:
        asked("check", _check, kind, settings, hyperparameters)
    except CodeFault:
        raise
    except UserError as error:
        return " ".join(str(error).split())
    return ""


def require_possible(what: str, kind: RunKind, settings: Any, hyperparameters: Mapping[str, Any]) -> None:
    """Refuse a sweep one of whose trials is known already and cannot be.

    Args:
        what: the hyperparameters are, for the error.

    Raises:
        UserError: why it cannot be.
    """
    try:
        asked("check", _check, kind, settings, hyperparameters)
    except CodeFault:
        raise
    except UserError as error:
        if isinstance(error, SettingError) and error.name not in hyperparameters:
            raise  # no trial can be, whatever its hyperparameters
        raise UserError(f"no trial can have {what} ({shown_setting(hyperparameters)}): {error}") from None


def _check(kind: RunKind, settings: Any, hyperparameters: Mapping[str, Any]) -> None:
    try:
        kind.check(with_values(settings, hyperparameters))
    except ValueError as error:  # how other libraries' settings refuse what they are given
        raise UserError(" ".join(str(error).split()) or type(error).__name__) from None


def require_values_of(settings: Any, hyperparameters: Mapping[str, Any]) -> None:
    """Refuse what the run's settings cannot be.

    Raises:
        UserError: no such setting, or a value out of its range or of the wrong type. Text that is read as another value
            is wrong, too: it would be recorded, and told apart from what it trains as.
    """
    trained = asked("settings", with_values, settings, hyperparameters)
    for name, value in hyperparameters.items():
        as_trained = plain(getattr(trained, name))
        if isinstance(value, str) and as_trained != value:
            text = "" if isinstance(as_trained, str) else ", text"
            raise SettingError(name, f" is {value!r}{text}; it must be {as_trained!r}")


def require_trainable(trials: Iterable[TrialRecord], settings: Any) -> None:
    """Refuse recorded trials that cannot be run: their hyperparameters may have been edited, or the run's code.

    Raises:
        UserError: it names the file.
    """
    for trial in trials:
        try:
            require_values_of(settings, trial.setting)
        except CodeFault:
            raise
        except UserError as error:
            file = shown_path(trial.folder / contract.PARAMS_FILE)
            raise UserError(f"{file}: {error}; restore the file, or remove the trial's folder") from None
