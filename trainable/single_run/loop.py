"""One training from where its folder stands to its last epoch: each epoch is on disk before the next begins."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Protocol

import torch

from results.files.atomic_write import make_folder, write_json
from results.files.folder_lock import exclusive_lock
from results.record.trial.log import TrialLog, read_rows, write_params
from results.trackers.tensorboard_record import TrialEvents
from trainable import contract
from trainable.contract import TrialStatus, WandbNotInstalled, shown_path
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import GRPORun
from trainable.ranking import Row
from trainable.runs import Diverged, WorkerContext
from trainable.runs.resuming import resumed_run
from trainable.single_run import folder as training_folder
from trainable.single_run.command_line import Request
from trainable.single_run.folder import HistoryFiles
from trainable.single_run.plan import OBJECTIVE, Plan, plan_new, plan_resumed
from trainable.single_run.screen import Screen, resume_command
from trainable.single_run.signals import Stopped, StopSignals
from trainable.system_errors import telling_how_to_go_on
from trainable.torch_process import set_up_torch


class View(Protocol):
    """One more place where the rows go."""

    def append(self, rows: list[Row]) -> None: ...


def train(request: Request, signals: StopSignals) -> int:
    """Begin the training that was asked for, or go on with it; the exit status.

    Raises:
        UserError: it cannot be trained, the folder holds another training, is in use or cannot be written.
        Stopped: by a signal before the first epoch.
    """
    plan = plan_resumed(request) if request.resume else plan_new(request)
    folder = plan.settings.folder
    make_folder(folder, f"--output_dir {folder}")
    with exclusive_lock(folder, f"--output_dir {shown_path(folder)}"):
        with signals.uninterrupted():
            if request.overwrite:
                training_folder.clear(folder)
            elif not request.resume:
                training_folder.refuse_used(folder)
            write_params(folder, plan.to_params())
            write_json(folder / contract.DATA_FILE, {"objective": OBJECTIVE.metric, **asdict(plan.description)})
        with telling_how_to_go_on(resume_command(folder)):
            return _train(plan, Screen(plan), signals)


def _train(plan: Plan, screen: Screen, signals: StopSignals) -> int:
    """All epochs that are left, then what came of them."""
    settings = plan.settings
    screen.show_start()
    context = WorkerContext(settings.num_threads, (plan.device,), memory_share=1.0, precision=settings.precision)
    set_up_torch(context)
    run, log = _run_where_it_stands(plan, context, screen)
    events = None
    if not settings.no_tensorboard:
        events = TrialEvents(settings.folder, plan.decisive_settings, OBJECTIVE, space={})
    wandb_view = None
    if settings.use_wandb:
        try:
            from trainable.single_run.wandb_run import open_wandb_view  # takes a second; wandb may not be installed

            wandb_view = open_wandb_view(plan, screen)
        except WandbNotInstalled as missing:
            screen.say(str(missing))
    views: list[View] = [view for view in (HistoryFiles(settings.folder), events, wandb_view) if view]
    for view in views:
        view.append(log.rows)

    best = OBJECTIVE.best_row(log.rows)
    with screen.epochs(done=len(log.rows)):
        try:
            while len(log.rows) < settings.num_epochs:
                started = time.perf_counter()
                metrics = run.step()
                with signals.uninterrupted():
                    row = _record_epoch(plan, run, log, metrics, time.perf_counter() - started)
                    best = OBJECTIVE.better(best, row)
                    if best is row:
                        training_folder.save_best(settings.folder, row, plan.description.fingerprint)
                    for view in views:
                        view.append([row])
                    screen.show_epoch(row, is_best=best is row)
            status, exit_status, end = TrialStatus.COMPLETED, 0, ""
        except Stopped as stopped:
            status, exit_status, end = TrialStatus.UNFINISHED, stopped.exit_status, f"was stopped by {stopped}"
        except Diverged as error:
            status, exit_status, end = TrialStatus.FAILED, 1, f"diverged: {error}; a lower --lr may help"
        except torch.OutOfMemoryError as error:
            cause = str(error).partition("\n")[0]
            status, exit_status = TrialStatus.FAILED, 1
            end = f"ran out of memory: {cause}; a smaller --batch_size may help"

    if events:
        events.close(status)
    if end:
        screen.say(f"The training {end}")
    screen.show_end(best, can_go_on=status is TrialStatus.UNFINISHED)
    return wandb_view.close(status, best, exit_status) if wandb_view else exit_status


def _run_where_it_stands(plan: Plan, context: WorkerContext, screen: Screen) -> tuple[GRPORun, TrialLog]:
    """The run at the newest checkpoint of its folder, and its rows up to there."""
    settings, folder = plan.settings, plan.settings.folder
    model = KIND.load(settings.grpo, context)
    start = partial(GRPORun, settings.grpo, plan.data, settings.seed, plan.device, model, precision=settings.precision)
    run, epoch, note = resumed_run(folder, read_rows(folder), start)
    if note:
        screen.say(note)
    training_folder.cut_beyond(folder, epoch)
    log = TrialLog(folder)
    if epoch:
        screen.say(f"Going on after epoch {epoch}")
        best = OBJECTIVE.best_row(log.rows)
        if best is log.rows[-1]:  # it may have been stopped before that was written
            training_folder.save_best(folder, best, plan.description.fingerprint)
    return run, log


def _record_epoch(plan: Plan, run: GRPORun, log: TrialLog, metrics: Mapping[str, float], seconds: float) -> Row:
    """Write the epoch's row, which is returned, and its checkpoint."""
    epoch = len(log.rows) + 1
    before = log.rows[-1]["time_total_s"] if log.rows else 0.0
    log.append(
        {
            contract.EPOCH: epoch,
            **metrics,
            "time_this_iter_s": seconds,
            "time_total_s": before + seconds,
            "timestamp": int(time.time()),
            "done": epoch == plan.settings.num_epochs,
            "config": plan.hyperparameters,
        }
    )
    training_folder.save_checkpoint(run, plan.settings.folder, epoch)
    return log.rows[-1]
