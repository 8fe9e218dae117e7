"""From a request to a finished sweep: begin or go on, fit, and say what came of it."""

from rich.console import Console

from results.records import SweepRecord, read_sweep
from results.trial_log import TrialLog
from results.wandb_record import resolve_mode
from tune import announce
from tune.command_line import Request
from tune.interruption import Interruption, stop_on_signals
from tune.lock import only_driver
from tune.plan import Plan, begin, folder_to_resume, plan_new, plan_resumed, refuse_used_name, write_settings
from tune.resources import Allotment, allot, connect
from tune.settings import SweepSettings
from tune.tuner import build_tuner, trials_left


def run_requested_sweep(request: Request) -> int:
    """Begin a sweep or go on with one; the exit status."""
    console = Console(soft_wrap=True, highlight=False)
    if request.resume is None:
        plan = plan_new(request)
        refuse_used_name(plan.settings)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        begin(plan)
        with only_driver(plan.settings.folder):
            return _run(plan, allotment, console)
    folder = folder_to_resume(request)
    with only_driver(folder):
        plan, changes = plan_resumed(request, folder)
        for change in changes:
            console.print(change, markup=False)
        if not trials_left(read_sweep(folder), plan.settings.num_samples):
            return _say_nothing_left(plan, console)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        write_settings(plan, changes)
        return _run(plan, allotment, console)


def _allot(settings: SweepSettings) -> Allotment:
    return allot(settings.cpus_per_trial, settings.gpus_per_trial, settings.max_concurrent_trials)


def _say_nothing_left(plan: Plan, console: Console) -> int:
    record = read_sweep(plan.settings.folder)
    announce.print_end(console, plan.settings, record, resolve_mode(plan.settings.wandb_mode))
    console.print(
        f"\nNothing is left to do: all {len(record.trials)} trials have ended. More trials: "
        f"{announce.resume_command(plan.settings)} --num_samples N"
    )
    return 0


def _run(plan: Plan, allotment: Allotment, console: Console) -> int:
    settings = plan.settings
    record = _cut_to_checkpoints(read_sweep(settings.folder))
    announce.print_start(console, settings, plan.description, allotment)
    wandb_mode = resolve_mode(settings.wandb_mode)
    if wandb_mode == "offline":
        console.print(
            f"  W&B     offline; send it later with: wandb sync "
            f"{announce.shown_path(settings.folder)}/trial_*/wandb/offline-run-*",
            markup=False,
        )
    tuner, wandb_callback = build_tuner(plan, record, allotment, wandb_mode, console)
    with stop_on_signals() as interruption:
        tuner.fit()
    if wandb_callback and wandb_callback.unavailable:
        console.print(f"W&B did not take everything: {wandb_callback.unavailable}", markup=False)
    return _finish(plan, interruption, wandb_mode, console)


def _cut_to_checkpoints(record: SweepRecord) -> SweepRecord:
    """Rows of unfinished trials beyond their newest checkpoint: those epochs are run again."""
    for trial in record.trials:
        if not trial.finished:
            TrialLog(trial.folder, keep_epochs=max(trial.checkpoint_epochs, default=0))
    return read_sweep(record.folder)


def _finish(plan: Plan, interruption: Interruption, wandb_mode: str, console: Console) -> int:
    settings, record = plan.settings, read_sweep(plan.settings.folder)
    if interruption.signal:
        console.print(
            f"Stopped by {interruption.signal.name}; everything is on disk. Go on with: "
            f"{announce.resume_command(settings)}",
            markup=False,
        )
        return interruption.exit_status
    announce.print_end(console, settings, record, wandb_mode)
    failed = any(trial.status(settings.num_epochs) == "failed" for trial in record.trials)
    return 1 if failed else 0
