"""A sweep's trials as W&B runs, as its record tells them: the same from the driver and from sync_wandb.py."""

import os
from collections.abc import Callable

from results.ranking import score
from results.records import SweepRecord, TrialRecord
from results.wandb_record import (
    ClosedRun,
    ModelArtifact,
    TrialWandbRun,
    WandbRunSettings,
    WandbUnavailable,
    open_online,
    open_run,
    run_id,
)
from results.whole_views import is_whole
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
    settings = {name: value for name, value in record.settings.items() if name not in ("created", "history")}
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
        upload_checkpoints=record.settings.get("upload_checkpoints", "none"),
    )


def open_trial(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> tuple[TrialWandbRun, str | None]:
    """The trial's run with its rows so far; and why it is offline although it was to be online."""
    run, cause = open_run(
        settings, run_id(settings, trial.number), trial.folder, _name(record, trial), _config(record, trial)
    )
    run.append(trial.rows)
    return run, cause


def lacks_rows(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> bool:
    """Whether W&B, as far as this machine knows, does not hold the trial as its record tells it."""
    held = settings.held(len(trial.rows), trial.status(record.num_epochs))
    return not is_whole(trial.folder, settings.view, held)


def send_lacking(settings: WandbRunSettings, record: SweepRecord, say: Callable[[str], None]) -> list[TrialRecord]:
    """Send every trial that W&B lacks something of, one after the other.

    Returns:
        Those of which the server does not show every epoch.

    Raises:
        UserError: the server does not answer or refuses; running it again goes on from there.
    """
    recorded = [trial for trial in record.trials if trial.rows or trial.failure]
    lacking = [trial for trial in recorded if lacks_rows(settings, record, trial)]
    say(f"Sweep {record.name}: {len(recorded) - len(lacking)} of {len(recorded)} trials are there already")
    unconfirmed: list[tuple[TrialRecord, ClosedRun]] = []
    try:
        for place, trial in enumerate(lacking, start=1):
            closed = _send(settings, record, trial)
            if not closed.mark_if_whole():
                unconfirmed.append((trial, closed))
            say(f"  trial {trial.number}: {len(trial.rows)} epochs ({place} of {len(lacking)})")
        return [trial for trial, closed in unconfirmed if not closed.mark_if_whole()]
    except WandbUnavailable as error:
        raise UserError(
            f"W&B did not take sweep {record.name} ({str(error).splitlines()[0]}); nothing is lost: the same command "
            "goes on from there"
        ) from None


def _send(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> ClosedRun:
    identity, name, config = run_id(settings, trial.number), _name(record, trial), _config(record, trial)
    if settings.mode == "online":
        run = open_online(settings, identity, trial.folder, name, config)
    else:
        run = TrialWandbRun(settings, identity, trial.folder, name, config)
    run.append(trial.rows)
    return run.close(trial.status(record.num_epochs), model=last_model(settings, record, trial))


def last_model(settings: WandbRunSettings, record: SweepRecord, trial: TrialRecord) -> ModelArtifact | None:
    """What is sent at a trial's end: its newest checkpoint, which holds its best policy."""
    return None if settings.upload_checkpoints == "none" else newest_model(record, trial)


def newest_model(record: SweepRecord, trial: TrialRecord, passing: bool = False) -> ModelArtifact | None:
    """The trial's newest checkpoint whose epoch is recorded.

    Args:
        passing: the trial goes on, and will remove it.
    """
    epochs = [epoch for epoch in trial.checkpoint_epochs if epoch <= len(trial.rows)]
    if not epochs:
        return None
    score_so_far = score(trial.rows[: epochs[-1]], record.metric, record.mode)
    folder = trial.folder / contract.checkpoint_folder_name(epochs[-1])
    return ModelArtifact(folder, "checkpoint", {"epoch": epochs[-1], "score": score_so_far}, passing)


def _name(record: SweepRecord, trial: TrialRecord) -> str:
    name: str = record.data.get("run_name", UNNAMED).format(**record.settings | trial.config)
    return name


def _config(record: SweepRecord, trial: TrialRecord) -> dict[str, object]:
    return {**trial.config, contract.SEED: record.seed(trial), "trial": trial.number}
