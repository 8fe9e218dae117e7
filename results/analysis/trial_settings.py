"""Everything that shapes a trial: its hyperparameters, and of its sweep's settings those that reach the training.

What a sweep searches, another holds fixed: laid over each other, trials of both can be told apart or recognised as one.
"""

from collections.abc import Sequence
from typing import Any

from results.record.sweeps import SweepRecord, TrialRecord


def full_setting(record: SweepRecord, trial: TrialRecord) -> dict[str, Any]:
    """All that shapes the trial but its seed."""
    return record.training_settings | trial.setting


def telling_names(records: Sequence[SweepRecord]) -> list[str]:
    """What to show of a full setting: every hyperparameter, and the settings in which the sweeps differ."""
    searched = dict.fromkeys(name for record in records for trial in record.trials for name in trial.setting)
    fixed = dict.fromkeys(name for record in records for name in record.training_settings if name not in searched)
    first, *others = records
    return [
        *searched,
        *(name for name in fixed if any(other.settings.get(name) != first.settings.get(name) for other in others)),
    ]
