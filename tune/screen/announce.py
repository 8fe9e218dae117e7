"""The words around a sweep: what is about to run, and, at the end, what came of it and what can be done next."""

import shlex
from pathlib import Path

from rich.console import Console

from results.analysis.comparison import Comparison
from results.listing.next_commands import sweep_command
from results.listing.rows import list_trials
from results.listing.summary import summary
from results.record.failures import Failure
from results.record.sweeps import SweepRecord
from results.trackers.wandb_pages import read_pages
from trainable.contract import DEFAULT_STORAGE, PROJECT, shown_path
from trainable.runs import DataDescription
from tune.engine.resources import Allotment
from tune.planning.settings import SweepSettings

MOST_ROWS = 30


def print_start(
    console: Console, settings: SweepSettings, data: DataDescription, allotment: Allotment, wandb_mode: str
) -> None:
    """What runs on what, in a few lines."""
    device = f"{allotment.gpus_per_trial:g} GPU" if allotment.gpus_per_trial else "no GPU"
    console.print(f"Sweep {settings.name} in {shown_path(settings.folder)}", markup=False, soft_wrap=True)
    console.print(f"  data    {data.summary}", markup=False, soft_wrap=True)
    console.print(
        f"  trials  {settings.num_samples} of at most {settings.num_epochs} epochs, "
        f"{allotment.max_concurrent_trials} at a time, each on {allotment.cpus_per_trial:g} CPU core and {device}",
        markup=False,
        soft_wrap=True,
    )
    console.print(
        f"  ranked  by the {settings.mode} of {settings.metric} over a trial's epochs", markup=False, soft_wrap=True
    )
    if wandb_mode == "offline":
        console.print(f"  W&B     offline; send it later with: {_sync_command(settings)}", markup=False, soft_wrap=True)


def print_end(console: Console, settings: SweepSettings, record: SweepRecord, wandb_mode: str) -> None:
    """The table, the gain, the baselines, where everything lies, and the commands that go on from here."""
    console.print()
    comparison = Comparison((record,))
    console.print(summary(comparison, list_trials(comparison).top(MOST_ROWS)), soft_wrap=True)
    console.print()
    folder = shlex.quote(shown_path(settings.folder))
    best = next(iter(record.ranked()), None)
    if best and best.checkpoint_epochs:
        console.print(
            f"Best policy    {shown_path(best.folder)}/checkpoint_{best.checkpoint_epochs[-1]:06d}", soft_wrap=True
        )
    pages = read_pages(settings.folder)
    commands = {
        "W&B": pages.view_url if pages else None,
        "TensorBoard": f"tensorboard --logdir {folder}",
        "Send to W&B": _sync_command(settings) if wandb_mode == "offline" else None,
        "Compare": _on_this_sweep("results/compare_trials.py", settings),
        "Confirm": None if settings.confirm or not best else _sweep_command("--confirm", settings),
        "Resume": resume_command(settings),
    }
    for title, command in commands.items():
        if command:
            console.print(f"{title:<15}{command}", markup=False, soft_wrap=True, highlight=False)


def print_report(console: Console, file: Path) -> None:
    """Where the sweep can be seen as a page."""
    console.print(f"{'Report':<15}{shown_path(file)}", markup=False, soft_wrap=True)


def print_common_failure(console: Console, settings: SweepSettings, number: int, failure: Failure) -> None:
    """Why the sweep was stopped: once, with where it happened."""
    console.print(
        f"\nStopped: the first trials all failed the same way. Trial {number}, epoch {failure.epoch}:\n\n"
        f"{failure.traceback}\nMend it, then go on with: {resume_command(settings)} --retry_errored",
        markup=False,
        soft_wrap=True,
    )


def _sync_command(settings: SweepSettings) -> str:
    return _on_this_sweep("results/sync_wandb.py", settings)


def _on_this_sweep(script: str, settings: SweepSettings) -> str:
    """The command of `results/` on the sweep, by its name where that is enough."""
    sweep = settings.name if settings.folder.parent == DEFAULT_STORAGE else shown_path(settings.folder)
    return shlex.join(["python", _shown_script(script), sweep])


def resume_command(settings: SweepSettings) -> str:
    return _sweep_command("--resume", settings)


def _sweep_command(flag: str, settings: SweepSettings) -> str:
    return sweep_command(flag, settings.folder, _shown_script("tune/run_sweep.py"))


def _shown_script(name: str) -> str:
    return shown_path(PROJECT / name)
