"""A sweep's trials as W&B runs, as its record tells them: the same from the driver and from sync_wandb.py."""

import atexit
import hashlib
from collections.abc import Callable
from pathlib import Path

from results.record.sweeps import SweepRecord
from results.record.trial.log import read_samples
from results.record.trial.record import TrialRecord, read_trial
from results.record.trial.view_marks import is_complete
from results.trackers.wandb_client import CLIENT_DIED, WandbUnavailable, end_client, first_line
from results.trackers.wandb_confirmation import Confirmations
from results.trackers.wandb_run import TrialWandbRun, sent_by_hand
from results.trackers.wandb_settings import LONGEST_NAME, ModelArtifact, RunDescription, WandbRunSettings, filled_in
from results.trackers.wandb_wishes import settled_place
from trainable import contract
from trainable.contract import UserError
from trainable.ranking import Row


def sweep_settings(
    record: SweepRecord, mode: str, project: str | None = None, entity: str | None = None
) -> WandbRunSettings:
    """What the sweep's runs share.

    Args:
        project, entity: instead of the sweep's own.
    """
    of_sweep = record.settings["wandb_project"], record.settings["wandb_entity"]
    project, entity = settled_place(project or of_sweep[0], entity or of_sweep[1], record.data["wandb_project"])
    return WandbRunSettings(
        mode=mode,
        project=project,
        entity=entity,
        group=record.origin.wandb_group,
        objective=record.objective,
        config={
            **{name: value for name, value in record.settings.items() if name in record.data["roles"]},
            "data": record.data["summary"],
            "fingerprint": record.data["fingerprint"],
            **record.environment,
        },
        upload_checkpoints=record.settings["upload_checkpoints"],
    )


def run_id(record: SweepRecord, number: int, mode: str) -> str:
    """A trial's id at W&B, the same after every resume in one mode."""
    text = f"{record.origin.identity}/{number}/{mode}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def open_trial(settings: WandbRunSettings, record: SweepRecord, number: int) -> TrialWandbRun:
    """The run of the trial of that number, with its rows so far.

    Raises:
        WandbUnavailable: online, the server does not answer or refuses.
    """
    trial = read_trial(record.folder, number)
    run_name = _run_name(record, trial)
    config = {**trial.config, contract.SEED: record.seed(trial), "trial": trial.number}
    described = RunDescription(_id(settings, record, trial), run_name, config, trial.folder, record.job_type_of(trial))
    run = TrialWandbRun(settings, described)
    run.append(trial.rows, read_samples(trial.folder))
    return run


def _run_name(record: SweepRecord, trial: TrialRecord) -> str:
    """Raises UserError where the record was edited."""
    try:
        return filled_in(record.data["run_name"], record.settings | trial.config)[:LONGEST_NAME]
    except UserError as error:
        file = record.folder / contract.DATA_FILE
        raise UserError(
            f"{file}: run_name {record.data['run_name']!r}: {error}; correct that, or restore the file"
        ) from None


def _id(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> str:
    """The run's id: online, of the one that `wandb sync` has made of the trial's local files, if it has."""
    by_hand = (sent_by_hand(segment) for segment in sorted(trial.folder.glob("wandb/offline-run-*")))
    there = next(filter(None, by_hand), None) if settings.is_online else None
    return there or run_id(record, trial.number, settings.mode)


def is_lacking(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> bool:
    """Whether W&B, as far as this machine knows, does not hold the trial as its record tells it."""
    enough = settings.marks_of_at_least(len(trial.rows), trial.status(record.num_epochs))
    return not any(is_complete(trial.folder, settings.view, mark) for mark in enough)


def send_lacking(
    settings: WandbRunSettings, record: SweepRecord, say: Callable[[str], None], complete: Callable[[Path], None]
) -> Confirmations:
    """Send every trial that W&B lacks something of, one after the other.

    Args:
        complete: called with a checkpoint's folder before it is sent, which may stand for one that lies in a store.

    Returns:
        What the server holds then, as far as it tells.

    Raises:
        UserError: the server does not answer or refuses; running it again goes on from there.
    """
    recorded = [trial for trial in record.trials if trial.rows or trial.failure]
    lacking = [trial for trial in recorded if is_lacking(settings, record, trial)]
    say(f"Sweep {record.name}: {len(recorded) - len(lacking)} of {len(recorded)} trials are there already")
    confirmations = Confirmations()
    try:
        for count, trial in enumerate(lacking, start=1):
            run = open_trial(settings, record, trial.number)
            sent = models(settings, record, trial)
            for model in sent:
                complete(model.path)
            closed = run.close(trial.status(record.num_epochs), models=sent)
            confirmations.ask(trial.number, closed)
            models_sent = f", checkpoints: {closed.models}" if closed.models else ""
            say(f"  trial {trial.number}: {len(trial.rows)} epochs{models_sent} ({count} of {len(lacking)})")
        confirmations.ask_again()
        return confirmations
    except (*CLIENT_DIED, WandbUnavailable) as error:
        atexit.register(end_client)
        raise UserError(
            f"W&B did not take sweep {record.name} ({first_line(error)}); nothing is lost: the same command goes on "
            "from there"
        ) from None


def models(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> list[ModelArtifact]:
    """The checkpoints to send of a trial as it stands, oldest first.

    'best' sends one, when the trial has ended: that of its best epoch.
    """
    epochs = [epoch for epoch in trial.checkpoint_epochs if epoch <= len(trial.rows)]
    if settings.upload_checkpoints == "best":
        best_checkpoint = record.best_checkpoint(trial) if not trial.is_open else None
        epochs = [epoch for epoch in epochs if best_checkpoint == trial.folder / contract.checkpoint_folder_name(epoch)]
    best: Row | None = None
    found = []
    for row in trial.rows if settings.upload_checkpoints != "none" else ():
        best = record.objective.better(best, row)
        if row[contract.EPOCH] in epochs:
            found.append(_model(record, trial, row, best or {}))
    return found


def _model(record: SweepRecord, trial: TrialRecord, row: Row, best: Row) -> ModelArtifact:
    """W&B moves an alias to the newest version that has it."""
    epoch = row[contract.EPOCH]
    metadata = {
        "hyperparameters": trial.setting,
        "seed": record.seed(trial),
        "epoch": epoch,
        "best_epoch": best.get(contract.EPOCH),
        "score": best.get(record.metric),
        "fingerprint": record.data["fingerprint"],
    }
    folder = trial.folder / contract.checkpoint_folder_name(epoch)
    aliases = ["best"] if row is best or contract.CHECKPOINTED not in row else []
    return ModelArtifact(folder, "checkpoint", metadata, (*aliases, "latest", f"epoch-{epoch}"))
