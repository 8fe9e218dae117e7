"""The Ray side of a sweep: a Tuner built afresh from the plan and the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune import Callback
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.stopper import Stopper
from rich.console import Console

from results.record.sweeps import SweepRecord, TrialRecord
from results.trackers.wandb_trials import sweep_settings
from trainable import contract
from trainable.ray_trainable import RunTrainable
from tune.callbacks.progress import Progress
from tune.callbacks.recorder import Recorder
from tune.callbacks.tensorboard_events import TensorBoardCallback
from tune.callbacks.wandb_runs import SweepWandbCallback
from tune.engine.resources import Allotment
from tune.engine.scheduler import RebuiltASHA
from tune.engine.searcher import RecordedSearch
from tune.engine.stopper import SweepStopper
from tune.planning.plan import Plan
from tune.planning.settings import SweepSettings

LOST_WORKERS_PER_EPOCH = 3
"""A trial whose worker dies goes on from its checkpoint; it is given up when it dies this often without an epoch."""


def trials_left(record: SweepRecord, num_samples: int) -> int:
    unfinished = sum(not trial.finished for trial in record.trials)
    return unfinished + max(0, num_samples - len(record.trials))


@dataclass(frozen=True)
class BuiltSweep:
    """A Tuner, and those of its parts that are asked when it has run."""

    tuner: tune.Tuner
    recorder: Recorder
    wandb_callback: SweepWandbCallback | None


def build_views(
    record: SweepRecord, recorder: Recorder, wandb_mode: str, console: Console
) -> tuple[TensorBoardCallback, SweepWandbCallback | None]:
    """TensorBoard, and W&B unless it is disabled; their `setup` makes whole what a crash left incomplete."""
    wandb_callback = None
    if wandb_mode != "disabled":
        wandb_callback = SweepWandbCallback(
            sweep_settings(record, wandb_mode),
            record,
            recorder,
            say=lambda line: console.print(line, markup=False, soft_wrap=True),
        )
    return TensorBoardCallback(record, recorder), wandb_callback


def build_sweep(plan: Plan, record: SweepRecord, allotment: Allotment, wandb_mode: str, console: Console) -> BuiltSweep:
    """The Ray side of the sweep, built afresh from the record: what is finished never enters Ray."""
    settings = plan.settings
    recorder = Recorder(settings.folder, record.trials)
    tensorboard_callback, wandb_callback = build_views(record, recorder, wandb_mode, console)
    progress = Progress(record, recorder, settings.num_samples, allotment.max_concurrent_trials, console)
    callbacks = [callback for callback in (recorder, tensorboard_callback, wandb_callback, progress) if callback]
    tuner = build_tuner(plan, record, allotment, SweepStopper(settings.num_epochs, recorder), callbacks)
    return BuiltSweep(tuner, recorder, wandb_callback)


def build_tuner(
    plan: Plan, record: SweepRecord, allotment: Allotment, stopper: Stopper, callbacks: Sequence[Callback]
) -> tune.Tuner:
    """The Tuner alone: what is proposed, stopped and run, whoever listens."""
    settings = plan.settings
    searcher = RecordedSearch(
        plan.space, _first_hyperparameters(plan), settings.seed, settings.num_samples, settings.num_epochs, record
    )
    trainable = tune.with_parameters(
        RunTrainable,
        run_kind=settings.run,
        settings=settings.run_settings,
        metric=settings.metric,
        seed=settings.seed,
        data=plan.data,
    )
    return tune.Tuner(
        tune.with_resources(trainable, {"cpu": allotment.cpus_per_trial, "gpu": allotment.gpus_per_trial}),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=_scheduler(settings, record.trials),
            num_samples=trials_left(record, settings.num_samples),
            max_concurrent_trials=allotment.max_concurrent_trials,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: contract.trial_folder_name(searcher.number_of(trial.trial_id)),
        ),
        run_config=tune.RunConfig(
            name=settings.name,
            storage_path=str(settings.folder.parent),
            stop=stopper,
            # Not at the end: Ray would save a trial that failed, over its last good checkpoint.
            checkpoint_config=tune.CheckpointConfig(num_to_keep=_checkpoints_kept(settings), checkpoint_at_end=False),
            failure_config=tune.FailureConfig(max_failures=LOST_WORKERS_PER_EPOCH),
            callbacks=list(callbacks),
            verbose=0,
        ),
    )


def _first_hyperparameters(plan: Plan) -> dict[str, Any]:
    """Everybody's starting values, and the settings' own for what else the space holds."""
    of_space = {name: getattr(plan.settings.run_settings, name) for name in plan.space}
    return of_space | dict(plan.settings.run_kind.first_hyperparameters)


def _checkpoints_kept(settings: SweepSettings) -> int | None:
    """Enough to go on from; all where W&B is to have them: it may be away, or slow."""
    return None if settings.upload_checkpoints == "all" else 2


def _scheduler(settings: SweepSettings, trials: tuple[TrialRecord, ...]) -> TrialScheduler:
    if settings.scheduler == "none":
        return FIFOScheduler()
    scheduler = RebuiltASHA(
        settings.metric, settings.mode, settings.num_epochs, settings.grace_period, settings.reduction_factor
    )
    scheduler.replay(trials)
    return scheduler
