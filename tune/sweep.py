"""From a request to a finished sweep: begin or go on, fit, and say what came of it."""

import errno
import os
from dataclasses import dataclass

from ray.tune import Tuner
from rich.console import Console

from results.record.failures import earlier_failures, reopen
from results.record.folder_lock import exclusive_lock
from results.record.sweeps import SweepRecord, read_sweep
from results.record.trial_log import cut_rows
from results.trackers.wandb_client import resolve_mode
from results.trackers.wandb_trials import sweep_settings
from trainable import contract
from trainable.contract import TrialStatus, UserError
from tune.callbacks.progress import Progress
from tune.callbacks.recorder import Recorder
from tune.callbacks.tensorboard_events import TensorBoardCallback
from tune.callbacks.wandb_runs import SweepWandbCallback
from tune.engine.resources import Allotment, allot, connect
from tune.engine.signals import Interruption, stop_on_signals
from tune.engine.stopper import SweepStopper
from tune.engine.tuner import build_tuner, trials_left
from tune.planning.command_line import Request
from tune.planning.plan import Plan, begin, folder_to_resume, plan_new, plan_resumed, refuse_used_name, write_settings
from tune.planning.settings import SweepSettings
from tune.screen import announce


@dataclass(frozen=True)
class BuiltSweep:
    """A Tuner, and those of its parts that are asked when it has run."""

    tuner: Tuner
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
    tuner = build_tuner(
        plan,
        record,
        allotment,
        SweepStopper(settings.num_epochs, lambda: recorder.common_failure is not None),
        callbacks,
    )
    return BuiltSweep(tuner, recorder, wandb_callback)


def run_requested_sweep(request: Request) -> int:
    """Begin a sweep or go on with one; the exit status."""
    console = Console(soft_wrap=True, highlight=False)
    if request.resume is None:
        plan = plan_new(request)
        refuse_used_name(plan.settings)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        with stop_on_signals() as interruption:
            begin(plan)
            with exclusive_lock(plan.settings.folder, f"sweep {plan.settings.name}"):
                return _run(plan, allotment, interruption, console)
    folder = folder_to_resume(request)
    with exclusive_lock(folder, f"sweep {folder.name}"):
        plan, changes = plan_resumed(request, folder)
        for change in changes:
            console.print(change, markup=False)
        if request.retry_errored:
            _reopen_failed(read_sweep(folder))
        if not trials_left(read_sweep(folder), plan.settings.num_samples):
            if changes:
                write_settings(plan, changes)
            return _say_nothing_left(plan, console)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        with stop_on_signals() as interruption:
            write_settings(plan, changes)
            return _run(plan, allotment, interruption, console)


def _allot(settings: SweepSettings) -> Allotment:
    return allot(settings.cpus_per_trial, settings.gpus_per_trial, settings.max_concurrent_trials)


def _reopen_failed(record: SweepRecord) -> None:
    for trial in record.trials:
        if trial.status(record.num_epochs) is TrialStatus.FAILED:
            reopen(trial.folder)


def _say_nothing_left(plan: Plan, console: Console) -> int:
    record, wandb_mode = read_sweep(plan.settings.folder), resolve_mode(plan.settings.wandb_mode)
    views = build_views(record, Recorder(record.folder, record.trials), wandb_mode, console)
    for view in views:
        if view:
            view.setup()
            view.on_experiment_end([])
    _say_what_wandb_lacks(views[1], plan, console)
    announce.print_end(console, plan.settings, record, wandb_mode)
    _write_report(record, console)
    console.print(
        f"\nNothing is left to do: all {len(record.trials)} trials have ended. More trials: "
        f"{announce.resume_command(plan.settings)} --num_samples N"
    )
    return _status(record)


def _run(plan: Plan, allotment: Allotment, interruption: Interruption, console: Console) -> int:
    settings = plan.settings
    wandb_mode = resolve_mode(settings.wandb_mode)
    announce.print_start(console, settings, plan.description, allotment, wandb_mode)
    built = _fit(plan, allotment, wandb_mode, interruption, console)
    starved = _reopen_starved(read_sweep(settings.folder))
    if starved and not interruption.signal:
        console.print(f"Out of memory: {', '.join(starved)} once more, each alone", markup=False)
        built = _fit(plan, allotment.alone(), wandb_mode, interruption, console)
    record = read_sweep(settings.folder)
    if interruption.signal:
        console.print(
            f"Stopped by {interruption.signal.name}; everything is on disk. Go on with: "
            f"{announce.resume_command(settings)}",
            markup=False,
        )
        return interruption.exit_status
    announce.print_end(console, settings, record, wandb_mode)
    _write_report(record, console)
    if built.recorder.common_failure:
        announce.print_common_failure(console, settings, *built.recorder.common_failure)
    return _status(record)


def _fit(plan: Plan, allotment: Allotment, wandb_mode: str, interruption: Interruption, console: Console) -> BuiltSweep:
    """Run what is left of the sweep, as the record tells it.

    Raises:
        UserError: the disk is full.
    """
    interruption.await_fit()
    try:
        record = _cut_to_checkpoints(read_sweep(plan.settings.folder), console)
        built = build_sweep(plan, record, allotment, wandb_mode, console)
        built.tuner.fit()
    except Exception as error:  # Ray hands on what a callback raised as text
        if os.strerror(errno.ENOSPC) not in f"{error} {error.__cause__}":
            raise
        raise UserError(
            f"the disk that holds {plan.settings.folder} is full; make room, then go on with: "
            f"{announce.resume_command(plan.settings)}"
        ) from error
    _say_what_wandb_lacks(built.wandb_callback, plan, console)
    return built


def _say_what_wandb_lacks(wandb_callback: SweepWandbCallback | None, plan: Plan, console: Console) -> None:
    if wandb_callback and wandb_callback.unavailable:
        console.print(
            f"W&B did not take everything: {wandb_callback.unavailable}; what it lacks is sent by: "
            f"{announce.resume_command(plan.settings)}",
            markup=False,
        )


def _cut_to_checkpoints(record: SweepRecord, console: Console) -> SweepRecord:
    """Cut what unfinished trials cannot go on from: torn lines, and rows beyond the newest checkpoint."""
    for trial in record.trials:
        if trial.finished:
            continue
        result_file = trial.folder / contract.RESULT_FILE
        lines = len(result_file.read_bytes().splitlines()) if result_file.exists() else 0
        kept = len(cut_rows(trial.folder, max(trial.checkpoint_epochs, default=0)))
        if kept < lines:
            console.print(f"trial {trial.number}: goes on after epoch {kept}; what was written later is not whole")
    return read_sweep(record.folder)


def _reopen_starved(record: SweepRecord) -> list[str]:
    """Trials that ran out of memory for the first time, opened again; their names."""
    starved = []
    for trial in record.trials:
        earlier = [failure.kind for failure in earlier_failures(trial.folder)]
        if trial.failure and trial.failure.kind == contract.OUT_OF_MEMORY and contract.OUT_OF_MEMORY not in earlier:
            reopen(trial.folder)
            starved.append(f"trial {trial.number}")
    return starved


def _write_report(record: SweepRecord, console: Console) -> None:
    from results.page.file import write_report  # jinja2 and the whole page: not before the trials have run

    file = record.folder / contract.REPORT_FILE
    write_report([record], file)
    announce.print_report(console, file)


def _status(record: SweepRecord) -> int:
    """1 when trials failed; one that diverged is an answer, not a failure."""
    return 1 if any(trial.status(record.num_epochs) is TrialStatus.FAILED for trial in record.trials) else 0
