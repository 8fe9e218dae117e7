"""A sweep's trials as W&B runs, as its record tells them: the same from the driver and from sync_wandb.py."""

import os
from collections.abc import Callable

from results.record.ranking import best_row
from results.record.sweeps import SweepRecord, TrialRecord
from results.record.view_marks import is_complete
from results.trackers.wandb_client import WandbUnavailable
from results.trackers.wandb_run import ClosedRun, TrialWandbRun, open_online, open_run, sent_by_hand
from results.trackers.wandb_settings import NO_CHECKPOINTS, ModelArtifact, WandbRunSettings, run_id
from trainable import contract
from trainable.contract import UserError

UNNAMED = "{name}-{created}"


def sweep_settings(
    record: SweepRecord, mode: str, project: str | None = None, entity: str | None = None
) -> WandbRunSettings:
    """What the sweep's runs share.

    Args:
        project, entity: instead of the sweep's own.
    """
    settings = {name: value for name, value in record.settings.items() if name in record.data["roles"]}
    return WandbRunSettings(
        mode=mode,
        project=project or record.settings["wandb_project"],
        entity=entity or record.settings["wandb_entity"] or os.environ.get("WANDB_ENTITY"),
        sweep=record.name,
        group=record.name,
        job_type=record.job_type,
        created=record.settings["created"],
        metric=record.metric,
        score_mode=record.mode,
        config={
            **settings,
            "data": record.data["summary"],
            "fingerprint": record.data["fingerprint"],
            **record.environment,
        },
        upload_checkpoints=record.settings.get("upload_checkpoints", NO_CHECKPOINTS),
    )


def open_trial(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> tuple[TrialWandbRun, str | None]:
    """The trial's run with its rows so far; and why it is offline although it was to be online."""
    identity, name, config = _identity(settings, trial), _name(record, trial), _config(record, trial)
    run, cause = open_run(settings, identity, trial.folder, name, config)
    run.append(trial.rows)
    return run, cause


def is_lacking(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> bool:
    """Whether W&B, as far as this machine knows, does not hold the trial as its record tells it."""
    enough = settings.held_or_more(len(trial.rows), trial.status(record.num_epochs))
    return not any(is_complete(trial.folder, settings.view, held) for held in enough)


def send_lacking(settings: WandbRunSettings, record: SweepRecord, say: Callable[[str], None]) -> list[str]:
    """Send every trial that W&B lacks something of, one after the other.

    Returns:
        What the server does not hold then, by trial.

    Raises:
        UserError: the server does not answer or refuses; running it again goes on from there.
    """
    recorded = [trial for trial in record.trials if trial.rows or trial.failure]
    lacking = [trial for trial in recorded if is_lacking(settings, record, trial)]
    say(f"Sweep {record.name}: {len(recorded) - len(lacking)} of {len(recorded)} trials are there already")
    unconfirmed: list[tuple[TrialRecord, ClosedRun]] = []
    try:
        for place, trial in enumerate(lacking, start=1):
            closed = _send(settings, record, trial)
            if not closed.mark_if_whole():
                unconfirmed.append((trial, closed))
            models_sent = f", checkpoints: {closed.models}" if closed.models else ""
            say(f"  trial {trial.number}: {len(trial.rows)} epochs{models_sent} ({place} of {len(lacking)})")
        return [
            f"of trial {trial.number} {closed.lacks}" for trial, closed in unconfirmed if not closed.mark_if_whole()
        ]
    except WandbUnavailable as error:
        raise UserError(
            f"W&B did not take sweep {record.name} ({str(error).splitlines()[0]}); nothing is lost: the same command "
            "goes on from there"
        ) from None


def _send(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> ClosedRun:
    identity, name, config = _identity(settings, trial), _name(record, trial), _config(record, trial)
    if settings.mode == "online":
        run = open_online(settings, identity, trial.folder, name, config)
    else:
        run = TrialWandbRun(settings, identity, trial.folder, name, config)
    run.append(trial.rows)
    return run.close(trial.status(record.num_epochs), models=models(settings, record, trial))


def models(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> list[ModelArtifact]:
    """The checkpoints to send of a trial as it stands, oldest first. Each holds the best policy so far.

    'best' sends one, when the trial has ended: the newest.
    """
    epochs = [epoch for epoch in trial.checkpoint_epochs if epoch <= len(trial.rows)]
    wanted = {"none": [], "best": epochs[-1:] if trial.finished else [], "all": epochs}
    return [_model(record, trial, epoch) for epoch in wanted[settings.upload_checkpoints]]


def _model(record: SweepRecord, trial: TrialRecord, epoch: int) -> ModelArtifact:
    best = best_row(trial.rows[:epoch], record.metric, record.mode) or {}
    metadata = {
        "hyperparameters": trial.setting,
        "seed": record.seed(trial),
        "epoch": epoch,
        "best_epoch": best.get(contract.EPOCH),
        "score": best.get(record.metric),
        "fingerprint": record.data["fingerprint"],
    }
    folder = trial.folder / contract.checkpoint_folder_name(epoch)
    return ModelArtifact(folder, "checkpoint", metadata, ("best", "latest", f"epoch-{epoch}"))


def _identity(settings: WandbRunSettings, trial: TrialRecord) -> str:
    """The run's id: online, of the one that `wandb sync` has made of the trial's local files, if it has."""
    by_hand = (sent_by_hand(segment) for segment in sorted(trial.folder.glob("wandb/offline-run-*")))
    there = next(filter(None, by_hand), None) if settings.mode == "online" else None
    return there or run_id(settings, trial.number)


def _name(record: SweepRecord, trial: TrialRecord) -> str:
    name: str = record.data.get("run_name", UNNAMED).format(**record.settings | trial.config)
    return name


def _config(record: SweepRecord, trial: TrialRecord) -> dict[str, object]:
    return {**trial.config, contract.SEED: record.seed(trial), "trial": trial.number}
