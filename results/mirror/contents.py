"""What of a sweep's folder its mirror holds, and in which order it goes there.

Left out is what the next start makes anew of the record: Optuna's storage, W&B's own files, marks of what a view holds;
and what is nobody else's: the lock, Ray's state, a run's workspace. Checkpoints go their own way.
"""

from enum import IntEnum
from fnmatch import fnmatchcase

from trainable import contract

DRIVER_FILE = "driver.json"
"""In the store alone: who drives the sweep."""
LAST_RUN_FILE = ".mirror_run"
"""In the folder alone: which run of the command has last driven the sweep from here."""
IN_STORE_FILE = "in_store.json"
"""Of a trial that has ended or is paused: that its last checkpoint has been in the store."""


class Turn(IntEnum):
    """When a file goes: one of a later turn is not to tell of what the store has not heard of."""

    SWEEP = 0
    SETTINGS = 1
    """From here on the sweep can be resumed."""
    TRIAL = 2
    """A trial is known, and from which rungs it goes on, before it has such rows."""
    SAMPLES = 3
    ROWS = 4
    ENDS = 5
    """That something has ended, after the rows that led there."""
    VIEW = 6
    """What people look at now and then."""


_SWEEP = {
    contract.LOCK_FILE: None,
    contract.OPTUNA_FILE: None,
    DRIVER_FILE: None,
    contract.SWEEP_FILE: Turn.SETTINGS,
    contract.END_FILE: Turn.ENDS,
    contract.TEST_FILE: Turn.ENDS,
    contract.REPORT_FILE: Turn.VIEW,
}
_TRIAL = {
    contract.SAMPLES_FILE: Turn.SAMPLES,
    contract.RESULT_FILE: Turn.ROWS,
    contract.FAILURE_FILE: Turn.ENDS,
    IN_STORE_FILE: Turn.ENDS,
    contract.PROGRESS_FILE: Turn.VIEW,
}
_EVENTS = "events.out.*"
_NOBODYS = (".*", "*.pkl", "*.tmp", "experiment_state-*", "search*state-*")
"""Of this machine, or of Ray."""


def turn_of(key: str) -> Turn | None:
    """Of a file, by its path in the sweep's folder; None where it stays out."""
    folder, _, name = key.rpartition("/")
    if any(fnmatchcase(name, pattern) for pattern in _NOBODYS):
        return None
    if not folder:
        return _SWEEP.get(name, Turn.SWEEP)
    if contract.trial_number(folder) is None:  # below a trial's folder, too
        return None
    return Turn.VIEW if fnmatchcase(name, _EVENTS) else _TRIAL.get(name, Turn.TRIAL)


def is_fetched(key: str) -> bool:
    """Whether a new machine gets it: TensorBoard's events are made anew there, and those in the store are replaced."""
    return turn_of(key) is not None and not fnmatchcase(key.rpartition("/")[2], _EVENTS)


def is_log(key: str) -> bool:
    """Whether lines are appended to it, of which the last may be half written."""
    return turn_of(key) in (Turn.SAMPLES, Turn.ROWS)
