"""Train one joint controller with GRPO, without a sweep.

python trainable/train_joint_controller.py                            100 epochs on the shipped profile
python trainable/train_joint_controller.py --use_wandb                recorded at W&B too
python trainable/train_joint_controller.py --resume                   go on with an interrupted training
python trainable/train_joint_controller.py --help
"""

import importlib.metadata
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol

from trainable import contract
from trainable.contract import TrialStatus, UserError, WandbNotInstalled
from trainable.single_run.command_line import Request, parse_command_line
from trainable.single_run.settings import DEFAULT_PROJECT
from trainable.single_run.signals import Interruption, Stopped, stop_on_signals

if TYPE_CHECKING:
    from results.record.ranking import Row
    from results.record.trial_log import TrialLog
    from results.trackers.wandb_background import BackgroundWandbRun
    from results.trackers.wandb_settings import ModelArtifact
    from trainable.grpo.run import GRPORun
    from trainable.single_run.plan import Plan
    from trainable.single_run.screen import Screen

TAGS = ("grpo", "controller", "joint-training")
MODEL_NAME = "joint-controller"


class View(Protocol):
    """One more place where the rows go."""

    def append(self, rows: "list[Row]") -> None: ...


def main(arguments: list[str]) -> int:
    """Train; the exit status: 0 all well, 1 the training failed, 2 the user's mistake, 128 + n on signal n."""
    try:
        request = parse_command_line(arguments)
        with stop_on_signals() as interruption:
            return _train_as_requested(request, interruption)  # its imports take seconds: not before --help
    except UserError as error:
        print(f"train_joint_controller.py: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        print(f"train_joint_controller.py: stopped by {stopped} before training began", file=sys.stderr)
        return stopped.exit_status


def _train_as_requested(request: Request, interruption: Interruption) -> int:
    from results.record.folder_lock import exclusive_lock
    from trainable.single_run import folder as training_folder
    from trainable.single_run.plan import plan_new, plan_resumed
    from trainable.single_run.screen import Screen

    plan = plan_resumed(request) if request.resume else plan_new(request)
    folder = plan.settings.folder
    training_folder.make(folder)
    with exclusive_lock(folder, f"--output_dir {contract.shown_path(folder)}"):
        with interruption.held():
            if request.overwrite:
                training_folder.clear(folder)
            elif not request.resume:
                training_folder.refuse_used(folder)
            training_folder.begin(folder, plan.to_params(), plan.objective, plan.description)
        screen = Screen()
        screen.show_start(plan)
        return _train(plan, screen, interruption)


def _train(plan: "Plan", screen: "Screen", interruption: Interruption) -> int:
    """All epochs that are left, from wherever the folder stands; the exit status."""
    import torch

    from trainable.runs import Diverged

    torch.set_num_threads(plan.settings.num_threads)
    run, log = _standing_run(plan, screen)
    views, wandb_run = _open_views(plan, log, screen)
    status, ended = 0, "completed"
    screen.start_epochs(len(log.rows), plan.settings.num_epochs)
    try:
        while len(log.rows) < plan.settings.num_epochs:
            _train_epoch(plan, run, log, views, screen, interruption)
    except Stopped as stopped:
        status, ended = stopped.exit_status, f"stopped by {stopped}"
    except Diverged as error:
        status, ended = 1, f"diverged: {error}; a lower --lr may help"
    except torch.OutOfMemoryError as error:
        status, ended = 1, f"out of memory: {str(error).split(chr(10))[0]}; a smaller --batch_size may help"
    finally:
        screen.end_epochs()
    return _finish(plan, log, views, wandb_run, screen, status, ended)


def _standing_run(plan: "Plan", screen: "Screen") -> "tuple[GRPORun, TrialLog]":
    """The run where its folder says it stands, and its rows up to there."""
    from results.record.sweeps import read_rows
    from results.record.trial_log import TrialLog
    from trainable.grpo.joint_controller import KIND
    from trainable.newest_checkpoint import resumed_run
    from trainable.single_run import folder as training_folder

    settings, folder = plan.settings, plan.settings.folder
    recorded = len(read_rows(folder / contract.RESULT_FILE))
    run, epoch, note = resumed_run(
        folder, recorded, lambda: KIND.start(settings.grpo, plan.data, settings.seed, plan.device)
    )
    if note:
        screen.say(note)
    training_folder.drop_checkpoints_beyond(folder, epoch)
    log = TrialLog(folder, keep_epochs=epoch)
    if epoch:
        screen.say(f"Going on after epoch {epoch}")
        training_folder.save_best(folder, epoch, log.rows, plan.description.fingerprint)
    return run, log


def _train_epoch(
    plan: "Plan",
    run: "GRPORun",
    log: "TrialLog",
    views: Sequence[View],
    screen: "Screen",
    interruption: Interruption,
) -> None:
    """One epoch, then its record: the row, the checkpoint, the best policy, and what is derived from the row."""
    from results.record.ranking import best_row
    from trainable.single_run import folder as training_folder

    started = time.perf_counter()
    metrics = run.step()
    with interruption.held():
        seconds = time.perf_counter() - started
        epoch, folder = len(log.rows) + 1, plan.settings.folder
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
        training_folder.save_checkpoint(run, folder, epoch)
        is_best = best_row(log.rows, plan.objective, plan.mode) is log.rows[-1]
        if is_best:
            training_folder.save_best(folder, epoch, log.rows, plan.description.fingerprint)
        for view in views:
            view.append(log.rows[-1:])
        screen.show_epoch(log.rows[-1], is_best)


def _open_views(plan: "Plan", log: "TrialLog", screen: "Screen") -> "tuple[list[View], BackgroundWandbRun | None]":
    """Everything that follows the rows, holding those that are there already."""
    from trainable.single_run.history import HistoryFiles

    settings = plan.settings
    views: list[View] = [HistoryFiles(settings.folder)]
    if not settings.no_tensorboard:
        from results.trackers.tensorboard_record import TrialEvents

        views.append(TrialEvents(settings.folder, plan.plain_settings, plan.objective, plan.mode, space={}))
    wandb_run = _open_wandb(plan, screen) if settings.use_wandb else None
    if wandb_run:
        views.append(wandb_run)
    for view in views:
        view.append(log.rows)
    return views, wandb_run


def _open_wandb(plan: "Plan", screen: "Screen") -> "BackgroundWandbRun | None":
    """The W&B run; None, with the reason said, where there can be none."""
    try:
        from results.trackers.wandb_background import BackgroundWandbRun
        from results.trackers.wandb_client import resolve_mode
        from results.trackers.wandb_settings import WandbRunSettings
    except WandbNotInstalled as missing:
        screen.say(str(missing))
        return None
    mode = resolve_mode(None, ask=sys.stdin.isatty() and sys.stdout.isatty())
    if mode == "disabled":
        screen.say("WANDB_MODE=disabled: nothing goes to W&B")
        return None
    if mode == "offline" and os.environ.get("WANDB_MODE") != "offline":
        screen.say("No W&B login is stored here (wandb login stores one), so the run is recorded offline")
    settings, agent = plan.settings, plan.agent_run
    versions = {f"version/{name}": importlib.metadata.version(name) for name in ("torch", "wandb")}
    wandb_settings = WandbRunSettings(
        mode=mode,
        project=None if agent else settings.wandb_project or os.environ.get("WANDB_PROJECT") or DEFAULT_PROJECT,
        entity=None if agent else settings.wandb_entity or os.environ.get("WANDB_ENTITY"),
        created=plan.created,
        metric=plan.objective,
        score_mode=plan.mode,
        job_type="train",
        tags=(*TAGS, *plan.data.profile.datasets),
        config=versions,
    )
    name = settings.wandb_name or os.environ.get("WANDB_NAME") or plan.run_name
    identity = None if agent else plan.wandb_id
    return BackgroundWandbRun(wandb_settings, identity, settings.folder, name, plan.wandb_config, screen.say)


def _finish(
    plan: "Plan",
    log: "TrialLog",
    views: Sequence[View],
    wandb_run: "BackgroundWandbRun | None",
    screen: "Screen",
    status: int,
    ended: str,
) -> int:
    """Close what is open, and say what came of it."""
    from results.record.ranking import best_row
    from results.trackers.tensorboard_record import TrialEvents
    from trainable.single_run.screen import resume_command

    for view in views:
        if isinstance(view, TrialEvents):
            view.close({0: TrialStatus.COMPLETED, 1: TrialStatus.FAILED}.get(status, TrialStatus.UNFINISHED))
    best = best_row(log.rows, plan.objective, plan.mode)
    if status:
        screen.say(f"The training was {ended}" if status > 2 else f"The training {ended}")
    screen.show_end(plan, best)
    if status > 2:
        screen.show_command("Resume", resume_command(plan.settings.folder))
    if not wandb_run:
        return status
    ended_as = "failed" if status == 1 else ended
    try:
        is_whole = wandb_run.close(ended_as, _model(plan, best))
    except Stopped as stopped:
        is_whole, status = False, status or stopped.exit_status
    if not is_whole:
        screen.say(f"W&B did not take everything ({wandb_run.failure or 'the server is too slow'})")
    if wandb_run.sync_command and (wandb_run.is_offline or not is_whole):
        screen.show_command("Send to W&B", wandb_run.sync_command)
    if wandb_run.server_is_gone:
        _leave_at_once(status)
    return status


def _model(plan: "Plan", best: "Row | None") -> "ModelArtifact | None":
    from results.trackers.wandb_settings import ModelArtifact
    from trainable.single_run.folder import BEST_FILE

    if best is None:
        return None
    metadata = {
        "hyperparameters": plan.plain_settings,
        "metrics": {name: value for name, value in best.items() if contract.is_metric(name)},
        "epoch": best[contract.EPOCH],
        "fingerprint": plan.description.fingerprint,
    }
    return ModelArtifact(plan.settings.folder / BEST_FILE, MODEL_NAME, metadata)


def _leave_at_once(status: int) -> NoReturn:
    """End the process without W&B's clean-up, which waits for its server."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
