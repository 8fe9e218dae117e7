"""Everything that shapes a trial: its hyperparameters, and of its sweep's settings those that reach the training.

What a sweep searches, another holds fixed: laid over each other, trials of both can be told apart or recognised as one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from results.record.sweeps import SweepRecord, TrialRecord

OF_THE_SWEEP_ALONE = frozenset(
    {
        "name", "created", "storage_path", "history", "num_samples", "seed", "confirm", "confirm_top", "confirm_seeds",
        "search_space", "metric", "mode", "scheduler", "grace_period", "reduction_factor",
        "max_concurrent_trials", "cpus_per_trial", "gpus_per_trial", "address",
        "wandb_mode", "wandb_project", "wandb_entity", "upload_checkpoints",
    }
)  # fmt: skip
"""Settings in sweep.yaml that do not change what a trial trains; all others do."""


def full_setting(record: SweepRecord, trial: TrialRecord) -> dict[str, Any]:
    """All that shapes the trial but its seed."""
    return {name: value for name, value in record.settings.items() if name not in OF_THE_SWEEP_ALONE} | trial.setting


def telling_names(records: Sequence[SweepRecord]) -> list[str]:
    """What to show of a full setting: every hyperparameter, and the settings in which the sweeps differ."""
    searched = dict.fromkeys(name for record in records for trial in record.trials for name in trial.setting)
    fixed = dict.fromkeys(name for record in records for name in record.settings if name not in OF_THE_SWEEP_ALONE)
    return [*searched, *(name for name in fixed if name not in searched and _differs(name, records))]


def _differs(name: str, records: Iterable[SweepRecord]) -> bool:
    first, *others = (record.settings.get(name) for record in records)
    return any(value != first for value in others)
