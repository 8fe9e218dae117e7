"""One training from where its folder stands to its last epoch: each epoch is on disk before the next begins."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from results.record.folder_lock import exclusive_lock
from results.record.ranking import Row, best_row, better
from results.record.trial_log import TrialLog, cut_rows, read_rows
from results.trackers.tensorboard_record import TrialEvents
from trainable import contract
from trainable.contract import TrialStatus, WandbNotInstalled, shown_path
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import GRPORun
from trainable.newest_checkpoint import resumed_run
from trainable.runs import Diverged
from trainable.single_run import folder as training_folder
from trainable.single_run.command_line import Request
from trainable.single_run.history import HistoryFiles
from trainable.single_run.plan import Plan, plan_new, plan_resumed
from trainable.single_run.screen import Screen
from trainable.single_run.signals import Stopped, StopSignals

if TYPE_CHECKING:  # wandb takes a second to import, and may not be installed
    from trainable.single_run.wandb_run import WandbView


class View(Protocol):
    """One more place where the rows go."""

    def append(self, rows: list[Row]) -> None: ...


@dataclass(frozen=True)
class End:
    """How a training ended."""

    exit_status: int
    status: TrialStatus
    words: str = ""
    """What follows "The training", unless it completed."""


def train(request: Request, signals: StopSignals) -> int:
    """Begin the training that was asked for, or go on with it; the exit status.

    Raises:
        UserError: it cannot be trained, or the folder holds another training or is in use.
        Stopped: by a signal before the first epoch.
    """
    plan = plan_resumed(request) if request.resume else plan_new(request)
    folder = plan.settings.folder
    training_folder.make(folder)
    with exclusive_lock(folder, f"--output_dir {shown_path(folder)}"):
        with signals.uninterrupted():
            if request.overwrite:
                training_folder.clear(folder)
            elif not request.resume:
                training_folder.refuse_used(folder)
            training_folder.begin(folder, plan.to_params(), plan.objective, plan.description)
        screen = Screen()
        screen.show_start(plan)
        return _train(plan, screen, signals)


def _train(plan: Plan, screen: Screen, signals: StopSignals) -> int:
    """All epochs that are left, then what came of them."""
    settings = plan.settings
    torch.set_num_threads(settings.num_threads)
    run, log = _run_where_it_stands(plan, screen)
    events = None
    if not settings.no_tensorboard:
        events = TrialEvents(settings.folder, plan.plain_settings, plan.objective, plan.mode, space={})
    wandb_view = _open_wandb(plan, screen) if settings.use_wandb else None
    views: list[View] = [view for view in (HistoryFiles(settings.folder), events, wandb_view) if view]
    for view in views:
        view.append(log.rows)

    best = best_row(log.rows, plan.objective, plan.mode)
    with screen.epochs(len(log.rows), settings.num_epochs):
        try:
            while len(log.rows) < settings.num_epochs:
                started = time.perf_counter()
                metrics = run.step()
                with signals.uninterrupted():
                    row = _record_epoch(plan, run, log, metrics, time.perf_counter() - started)
                    best = better(best, row, plan.objective, plan.mode)
                    if best is row:
                        training_folder.save_best(settings.folder, log.rows, plan.description.fingerprint)
                    for view in views:
                        view.append([row])
                    screen.show_epoch(row, is_best=best is row)
            end = End(0, TrialStatus.COMPLETED)
        except Stopped as stopped:
            end = End(stopped.exit_status, TrialStatus.UNFINISHED, f"was stopped by {stopped}")
        except Diverged as error:
            end = End(1, TrialStatus.FAILED, f"diverged: {error}; a lower --lr may help")
        except torch.OutOfMemoryError as error:
            cause = str(error).split("\n")[0]
            end = End(1, TrialStatus.FAILED, f"ran out of memory: {cause}; a smaller --batch_size may help")

    if events:
        events.close(end.status)
    if end.words:
        screen.say(f"The training {end.words}")
    screen.show_end(plan, best, can_go_on=end.status is TrialStatus.UNFINISHED)
    return wandb_view.close(end.status, best, end.exit_status) if wandb_view else end.exit_status


def _run_where_it_stands(plan: Plan, screen: Screen) -> tuple[GRPORun, TrialLog]:
    """The run at the newest checkpoint of its folder, and its rows up to there."""
    settings, folder = plan.settings, plan.settings.folder
    recorded = len(read_rows(folder))
    run, epoch, note = resumed_run(
        folder, recorded, lambda: KIND.start(settings.grpo, plan.data, settings.seed, plan.device)
    )
    if note:
        screen.say(note)
    training_folder.drop_checkpoints_beyond(folder, epoch)
    cut_rows(folder, epoch)
    log = TrialLog(folder)
    if epoch:
        screen.say(f"Going on after epoch {epoch}")
        training_folder.save_best(folder, log.rows, plan.description.fingerprint)
    return run, log


def _record_epoch(plan: Plan, run: GRPORun, log: TrialLog, metrics: Mapping[str, float], seconds: float) -> Row:
    """Write the epoch's row and its checkpoint; the row."""
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


def _open_wandb(plan: Plan, screen: Screen) -> "WandbView | None":
    """The view at W&B; None, with the reason said, where there can be none."""
    try:
        from trainable.single_run.wandb_run import open_wandb_view
    except WandbNotInstalled as missing:
        screen.say(str(missing))
        return None
    return open_wandb_view(plan, screen)
