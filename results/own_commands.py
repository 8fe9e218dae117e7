"""The commands that train a trial's run again without the sweep, and that judge the policy it left."""

import shlex

from results.records import SweepRecord, TrialRecord
from trainable import contract
from trainable.contract import shown_path


def train_command(record: SweepRecord, trial: TrialRecord) -> str | None:
    """What trains the trial anew up to its best epoch, to the same numbers; None where the run has no such command."""
    known, best = record.data.get(contract.TRAIN_COMMAND), record.best_row(trial)
    if not known or best is None:
        return None
    arguments: list[str] = list(known)
    for name, value in trial.setting.items():
        if value is not None:
            arguments += [f"--{name}", str(value)]
    arguments += ["--num_epochs", str(best[contract.EPOCH]), "--seed", str(record.seed(trial))]
    threads = int(record.settings.get("cpus_per_trial", 1))
    if threads > 1:
        arguments += ["--num_threads", str(threads)]
    if record.settings.get("gpus_per_trial") == 0:
        arguments += ["--device", "cpu"]
    return shlex.join([*arguments, "--output_dir", f"checkpoints/{record.name}-trial-{trial.number}"])


def evaluate_command(record: SweepRecord, trial: TrialRecord) -> str | None:
    """What judges the trial's best policy on data that no trial has seen; None where there is no such command."""
    known = record.data.get(contract.EVALUATE_COMMAND)
    if not known or not trial.checkpoint_epochs:
        return None
    return shlex.join([*known, shown_path(trial.folder), "--split", "test"])
