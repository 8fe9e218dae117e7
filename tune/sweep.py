"""From a request to a finished sweep: begin or go on, fit, and say what came of it."""

import dataclasses
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from rich.console import Console

from results.files.folder_lock import exclusive_lock
from results.record.end import remove_end, write_end
from results.record.placement import read_placement
from results.record.sweeps import SweepRecord, read_again, read_sweep, require_hyperparameters
from results.record.trial.failures import earlier_failures, reopen
from results.record.trial.record import TrialRecord
from results.storage.store import open_store
from results.trackers.wandb_client import prepare_wandb
from results.trackers.wandb_confirmation import not_confirmed
from results.trackers.wandb_copies import part_from_original
from trainable import contract
from trainable.contract import TrialStatus, UserError
from trainable.system_errors import DiskError, telling_how_to_go_on
from trainable.terminal.console import PlainConsole
from tune.callbacks.followers import Followers
from tune.cluster.allotment import Allotment, allot, require_precision
from tune.cluster.connecting import connect
from tune.cluster.nodes import nodes
from tune.cluster.packing import share_of
from tune.cluster.reach import require_reached
from tune.engine.left import end_of, promote, trials_left
from tune.engine.searcher import gave_up
from tune.engine.signals import Interruption, stop_on_signals
from tune.engine.tuner import with_data_in_store
from tune.engine.winner import judge_winner, winner_to_judge
from tune.fitting import fit
from tune.mirroring import kept_elsewhere
from tune.planning.plan import Plan, plan_new
from tune.planning.resumed import address_to_resume, folder_to_resume, plan_resumed
from tune.planning.sweep_folder import begin, write_settings
from tune.request.command_line import Request
from tune.request.settings import Auto, SweepSettings
from tune.screen import announce


def run_requested_sweep(request: Request) -> int:
    """Begin a sweep or go on with one; the exit status."""
    console = PlainConsole()
    prepare_wandb()
    with stop_on_signals() as interruption:
        if request.resume is None:
            return _begin(request, interruption, console)
        return _go_on(request, interruption, console)


def _begin(request: Request, interruption: Interruption, console: Console) -> int:
    planned = plan_new(request, console.print)
    if kept := kept_elsewhere(planned.settings.store_address, planned.settings.folder, console.print):
        kept.require_new()
    plan, allotment = _connect(planned, interruption)
    with interruption.deferred():
        plan = begin(plan)
        interruption.resume_command = announce.resume_command(plan.settings.folder)
    folder = plan.settings.folder
    with exclusive_lock(folder, f"sweep {folder.name}"), _telling_how_to_go_on(folder), ExitStack() as stack:
        if kept := kept_elsewhere(plan.settings.store_address, folder, console.print):
            stack.enter_context(kept.driven())
            stack.enter_context(kept.followed(plan.settings, interruption))
        return _run(plan, allotment, interruption, console)


def _go_on(request: Request, interruption: Interruption, console: Console) -> int:
    folder = folder_to_resume(request)
    with ExitStack() as stack:
        if kept := kept_elsewhere(address_to_resume(request, folder), folder, console.print):
            stack.enter_context(kept.brought_here())
        stack.enter_context(exclusive_lock(folder, f"sweep {folder.name}"))
        stack.enter_context(_telling_how_to_go_on(folder))
        part_from_original(folder, console.print)
        require_hyperparameters(folder)
        plan, changes = plan_resumed(request, folder, console.print)
        if kept:
            stack.enter_context(kept.followed(plan.settings, interruption))
        for change in changes:
            console.print(change)
        record = read_sweep(folder)
        for number in record.missing:
            console.print(f"trial {number} is missing: its folder was removed; the sweep goes on without it")
        if request.retry_errored:
            failed = _failed(record)
            for trial in failed:
                reopen(trial.folder)
            record = read_again(record, [trial.number for trial in failed])
        if request.promote:
            record = read_again(record, promote(plan.settings, record, request.promote, console.print))
        if not trials_left(record, plan):
            if changes:
                write_settings(plan, changes)
            record = _note_end(plan, read_sweep(folder))
            if winner_to_judge(plan.settings.run_kind, record):
                _judge_winner(*_connect(plan, interruption), record, interruption, console)
            return _say_nothing_left(record, plan.wandb_mode, console)
        plan, allotment = _connect(plan, interruption)
        interruption.resume_command = announce.resume_command(folder)
        with interruption.deferred():
            write_settings(plan, changes)
            remove_end(folder)
        return _run(plan, allotment, interruption, console)


def _telling_how_to_go_on(folder: Path) -> AbstractContextManager[None]:
    return telling_how_to_go_on(announce.resume_command(folder))


def _connect(plan: Plan, interruption: Interruption) -> tuple[Plan, Allotment]:
    settings = plan.settings
    with interruption.keeps_sigterm():
        cores = connect(settings.address, settings.run)
    allotment = allot(settings.cpus_per_trial, _wanted_gpus(settings), settings.max_concurrent_trials, cores)
    allotment = _without_bad_nodes(allotment, settings.folder)
    require_precision(settings.precision, allotment)
    store = open_store(settings.store_address) if settings.store_address else None
    require_reached(Path(settings.storage_path), store, allotment.usable(nodes()))
    return with_data_in_store(plan), allotment


def _without_bad_nodes(allotment: Allotment, folder: Path) -> Allotment:
    """Those that the sweep has set aside, for as long as Ray runs on there and others are left."""
    there = nodes()
    bad = {node.node for node in read_placement(folder).set_aside}.intersection(node.id for node in there)
    without = dataclasses.replace(allotment, set_aside=frozenset(bad))
    return without if without.usable(there) else allotment


def _wanted_gpus(settings: SweepSettings) -> float | Auto | None:
    """As the user wishes, or as that has turned out in an earlier run of the command."""
    wish = settings.gpus_per_trial
    packing = read_placement(settings.folder).packing(wish)
    return share_of(packing.trials_per_gpu) if packing and any(node.gpus for node in nodes()) else wish


def _run(plan: Plan, allotment: Allotment, interruption: Interruption, console: Console) -> int:
    settings = plan.settings
    announce.print_start(console, settings, plan.search, plan.description, allotment, nodes(), plan.wandb_mode)
    followers = _fit(plan, allotment, interruption, console)
    record = read_sweep(settings.folder)
    starved = _reopen_starved(record)
    if starved and not interruption.signal:
        console.print(f"Out of memory: {', '.join(starved)} once more, each alone")
        followers = _fit(plan, allotment.alone(), interruption, console)
        record = read_sweep(settings.folder)
    if interruption.signal:
        console.print(
            f"Stopped by {interruption.signal.name}; everything is on disk. Go on with: "
            f"{announce.resume_command(settings.folder)}"
        )
        _show_report(record, console)
        return interruption.exit_status
    left = trials_left(record, plan)
    if left and not followers.recorder.is_hopeless():
        if gave_up(record):
            _say_end(record, plan.wandb_mode, console)
            raise UserError(announce.too_many_refused(record))
        console.print(f"Ended early, with {left} trials left. Go on with: {announce.resume_command(settings.folder)}")
        _show_report(record, console)
        return 1
    if not followers.recorder.is_hopeless():
        record = _note_end(plan, record)
        _judge_winner(plan, allotment, record, interruption, console)
    status = _say_end(record, plan.wandb_mode, console)
    if followers.recorder.common_failure:
        announce.print_common_failure(console, settings.folder, *followers.recorder.common_failure)
    return status


def _note_end(plan: Plan, record: SweepRecord) -> SweepRecord:
    """Record by what the sweep ended, if it was not by itself."""
    end = end_of(record, plan)
    if end:
        write_end(record.folder, end)
    else:
        remove_end(record.folder)
    return dataclasses.replace(record, end=end)


def _judge_winner(
    plan: Plan, allotment: Allotment, record: SweepRecord, interruption: Interruption, console: Console
) -> None:
    allotment = _without_bad_nodes(allotment.alone(), plan.settings.folder)
    judge_winner(plan, record, allotment, lambda: interruption.signal is not None, console.print)


def _say_nothing_left(record: SweepRecord, wandb_mode: str, console: Console) -> int:
    followers = Followers(record, wandb_mode, console)
    try:
        followers.complete_views()
    except DiskError as error:
        announce.print_incomplete_views(console, record.folder, str(error))
    _say_what_wandb_lacks(followers, record.folder, console)
    status = _say_end(record, wandb_mode, console)
    if record.end:
        return status
    console.print(
        f"\nNothing is left to do: all {len(record.trials)} trials have ended. More trials: "
        f"{announce.resume_command(record.folder)} --num_samples N"
    )
    return status


def _fit(plan: Plan, allotment: Allotment, interruption: Interruption, console: Console) -> Followers:
    followers = fit(plan, allotment, interruption, console)
    _say_what_wandb_lacks(followers, plan.settings.folder, console)
    return followers


def _say_what_wandb_lacks(followers: Followers, folder: Path, console: Console) -> None:
    wandb = followers.wandb
    if wandb and wandb.unavailable:
        console.print(
            f"W&B did not take everything: {wandb.unavailable}; what it lacks is sent by: "
            f"{announce.resume_command(folder)}"
        )
    elif wandb and wandb.not_told:
        console.print(not_confirmed(wandb.not_told))


def _say_end(record: SweepRecord, wandb_mode: str, console: Console) -> int:
    """The result on the screen and as a page; the exit status: 1 when trials failed, but not for one that diverged."""
    announce.print_end(console, record, wandb_mode)
    _show_report(record, console)
    if record.end:
        announce.print_ended(console, record, record.end)
    else:
        announce.print_paused(console, record)
    return 1 if _failed(record) else 0


def _show_report(record: SweepRecord, console: Console) -> None:
    """The sweep as a page; one that cannot be written costs a line, since the record is whole without it."""
    from results.page.file import write_report  # jinja2 and the whole page: not before the trials have run

    report = record.folder / contract.REPORT_FILE
    try:
        write_report([record], report)
    except DiskError as error:
        announce.print_no_report(console, record.folder, str(error))
    else:
        announce.print_report(console, report)


def _failed(record: SweepRecord) -> list[TrialRecord]:
    return [trial for trial in record.trials if trial.status(record.num_epochs) is TrialStatus.FAILED]


def _reopen_starved(record: SweepRecord) -> list[str]:
    """Trials that ran out of memory for the first time, opened again; their names."""
    starved = []
    for trial in record.trials:
        if not trial.failure or trial.failure.kind != contract.OUT_OF_MEMORY:
            continue
        if contract.OUT_OF_MEMORY not in (failure.kind for failure in earlier_failures(trial.folder)):
            reopen(trial.folder)
            starved.append(f"trial {trial.number}")
    return starved
