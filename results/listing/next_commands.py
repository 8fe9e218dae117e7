"""The commands that go on from a sweep: train its winner alone, judge what it left, confirm what it found.

Those of a record are run from the project's root.
"""

import shlex
from collections.abc import Collection, Iterable
from pathlib import Path

from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from results.storage.fetched import address_of
from trainable import contract
from trainable.contract import DEFAULT_STORAGE, PROJECT, shown_path
from trainable.flags import as_flag


def train_command(record: SweepRecord, trial: TrialRecord) -> str | None:
    """What trains the trial anew up to its best epoch, to the same numbers; None where the run has no such command."""
    known, best = record.data[contract.TRAIN_COMMAND], record.best_row(trial)
    if not known or best is None:
        return None
    arguments = _without(trial.setting, known)
    for name, value in trial.setting.items():
        arguments += as_flag(name, value)
    arguments += ["--num_epochs", str(best[contract.EPOCH]), "--seed", str(record.seed(trial))]
    threads = int(record.settings.get("cpus_per_trial", 1))
    if threads > 1:
        arguments += ["--num_threads", str(threads)]
    if record.settings.get("gpus_per_trial") == 0:
        arguments += ["--device", "cpu"]
    return shlex.join([*arguments, "--output_dir", f"checkpoints/{record.name}-trial-{trial.number}"])


def _without(names: Collection[str], arguments: Iterable[str]) -> list[str]:
    """What others are trained with from now on, a trial that has its own is not."""
    kept: list[str] = []
    is_kept = True
    for argument in arguments:
        if argument.startswith("--"):
            is_kept = argument.removeprefix("--").partition("=")[0] not in names
        if is_kept:
            kept.append(argument)
    return kept


def evaluate_command(record: SweepRecord, trial: TrialRecord) -> str | None:
    """What judges the trial's best checkpoint on data that no trial has seen; None where there is no such command."""
    known, checkpoint = record.data[contract.EVALUATE_COMMAND], record.best_checkpoint(trial)
    if not known or not checkpoint:
        return None
    address = address_of(record.folder)
    place = f"{address}/{checkpoint.relative_to(record.folder)}" if address else shown_path(checkpoint, PROJECT)
    return shlex.join([*known, "--split", "test", place])


def confirm_command(record: SweepRecord, run_from: Path | None = None) -> str | None:
    """What runs a search's best settings under further seeds; None for what has nothing to confirm.

    Args:
        run_from: where the command is to be run; by default where the user stands.
    """
    can_be_confirmed = (
        record.job_type == "search" and record.first_trial and any(record.best_row(trial) for trial in record.trials)
    )
    return sweep_command("--confirm", record.folder, run_from) if can_be_confirmed else None


def sweep_command(flag: str, folder: Path, run_from: Path | None = None) -> str:
    """`--resume` or `--confirm` of the sweep in that folder, by its name or the address it was fetched from.

    Args:
        run_from: where the command is to be run; by default where the user stands.
    """
    script = shown_path(PROJECT / "tune/run_sweep.py", run_from)
    if address := address_of(folder):
        return shlex.join(["python", script, flag, address])
    storage = [] if folder.parent == DEFAULT_STORAGE else ["--storage_path", shown_path(folder.parent, run_from)]
    return shlex.join(["python", script, flag, folder.name, *storage])
