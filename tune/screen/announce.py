"""The words around a sweep: what is about to run, and, at the end, what came of it and what can be done next."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from results.analysis.comparison import Comparison
from results.listing.ended import ended_by
from results.listing.formatting import listed
from results.listing.next_commands import confirm_command, sweep_command
from results.listing.objectives import ranking_words, score_words
from results.listing.refused import refused_line
from results.listing.rows import list_trials
from results.listing.summary import summary
from results.mirror.checkpoints import is_placeholder
from results.record.end import End
from results.record.sweeps import SweepRecord
from results.record.trial.failures import Failure
from results.trackers.wandb_pages import read_pages
from trainable.contract import DEFAULT_STORAGE, PROJECT, shown_path
from trainable.runs import DataDescription
from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node
from tune.request.settings import AUTO, SweepSettings
from tune.sampling.proposing import Search

MOST_ROWS = 30
FURTHER_SEEDS = 2
"""Of a setting that is not told from the best, to go on with."""
FEW = 2
"""Paused trials to go on with, where more have not been asked for."""

BEYOND = {"epoch_budget": "N", "time_budget": "DURATION", "stop_when": "None", "sampler": "tpe"}
"""Of each setting that ends a search, what is to be given to go on."""


def print_start(
    console: Console,
    settings: SweepSettings,
    search: Search,
    data: DataDescription,
    allotment: Allotment,
    there: Sequence[Node],
    wandb_mode: str,
) -> None:
    """What runs on what, in a few lines.

    Args:
        there: nodes of Ray's cluster.
    """
    console.print(f"Sweep {settings.name} in {shown_path(settings.folder)}")
    if settings.store_address:
        console.print(f"  store   {settings.store_address} holds it, too, some seconds later")
    console.print(f"  data    {data.summary}")
    console.print(
        f"  trials  {settings.num_samples} of at most {settings.num_epochs} epochs, "
        f"{allotment.room(there)} at a time, each on {allotment.cpus_per_trial:g} CPU core and {_gpus(allotment)}"
    )
    if settings.gpus_per_trial == AUTO and not allotment.gpus_per_trial:
        console.print("  GPUs    none are here, so that --gpus_per_trial auto trains on CPUs")
    if bad := [node.in_words for node in there if node.id in allotment.set_aside]:
        console.print(f"  aside   {listed(bad)}, where trial after trial failed; until Ray is started anew there")
    if idle := allotment.idle(there):
        names = listed([node.name for node in idle])
        console.print(
            f"  idle    {len(idle)} of {len(there)} nodes, with too few GPUs for a trial ({names}); --gpus_per_trial 0 "
            "would train on the CPUs of all"
        )
    if not settings.confirm:
        console.print(f"  search  {search.in_words}")
    if settings.replicate and settings.num_samples > 1:
        most = "a fresh seed" if settings.replicate_seeds == 1 else f"up to {settings.replicate_seeds} fresh seeds"
        console.print(f"  then    the best {settings.replicate} and the starting values again under {most}")
    if allotment.cores and allotment.cores.limited_by:
        console.print(f"  machine {allotment.cores}")
    score, ranking = score_words(settings.objective), ranking_words(settings.objective)
    console.print(f"  ranked  {ranking or f'by {score}'}")
    if ranking:
        console.print(f"  score   {score}")
    declared = {metric.name for metric in (*settings.run_kind.metrics, *data.metrics)}
    if undeclared := [name for name in settings.objective.needed if name not in declared]:
        console.print(f"          {listed(undeclared)}: not declared by {settings.run}; a trial without it fails")
    if ends := _ends(settings):
        console.print(f"  ends    at the latest {' or '.join(ends)}")
    if wandb_mode == "offline":
        console.print(f"  W&B     offline; send it later with: {_results_command('sync_wandb.py', settings.folder)}")


def _gpus(allotment: Allotment) -> str:
    """What each trial has of them."""
    if allotment.finds_packing:
        return "a GPU, until it is known how many trials can share one"
    return f"{allotment.gpus_per_trial:g} GPU" if allotment.gpus_per_trial else "no GPU"


def _ends(settings: SweepSettings) -> list[str]:
    """By what the sweep ends, if not by the number of its trials."""
    after = [f"{settings.epoch_budget:,} epochs in all"] if settings.epoch_budget else []
    after += [f"{settings.time_budget} of training"] if settings.time_budget else []
    return [f"after {end}" for end in after] + ([f"when {settings.stop_when}"] if settings.stop_when else [])


def print_end(console: Console, record: SweepRecord, wandb_mode: str) -> None:
    """The table, the gain, the baselines, where everything lies, and the commands that go on from here."""
    folder, comparison = record.folder, Comparison((record,))
    console.print()
    console.print(summary(comparison, list_trials(comparison).top(MOST_ROWS)))
    console.print()
    winner, address = comparison.winner, _store_address(record)
    if winner and (checkpoint := record.best_checkpoint(winner.counted[0].trial)):
        is_in_store = address and is_placeholder(checkpoint)
        lies_at = f"{address}/{checkpoint.relative_to(folder).as_posix()}" if is_in_store else shown_path(checkpoint)
        console.print(f"Best epoch     {lies_at}")
    pages = read_pages(folder)
    commands = {
        "W&B": pages.view_url if pages else None,
        "TensorBoard": f"tensorboard --logdir {shlex.quote(shown_path(folder))}",
        "Send to W&B": _results_command("sync_wandb.py", folder) if wandb_mode != "online" else None,
        "Compare": _results_command("compare_trials.py", folder),
        "More seeds": _more_seeds_command(comparison),
        "Confirm": confirm_command(record),
        "Resume": resume_command(folder),
        "Elsewhere": f"python {shown_path(PROJECT / 'tune/run_sweep.py')} --resume {address}" if address else None,
    }
    for title, command in commands.items():
        if command:
            console.print(f"{title:<15}{command}")


def _store_address(record: SweepRecord) -> str | None:
    """Of a sweep that is kept in a store."""
    mirror = record.settings.get("mirror")
    return f"{mirror}/{record.name}" if mirror else None


def _more_seeds_command(comparison: Comparison) -> str | None:
    """What spends further seeds on a search's finalists; None where it has none, or is sure who leads."""
    winner, lead, record = comparison.winner, comparison.lead, comparison.records[0]
    if winner is None or lead is None or lead.is_clear or not winner.is_confirmed or record.job_type == "confirm":
        return None
    return f"{resume_command(record.folder)} --replicate_seeds {len(winner.counted) + FURTHER_SEEDS}"


def print_report(console: Console, file: Path) -> None:
    """Where the sweep can be seen as a page."""
    console.print(f"{'Report':<15}{shown_path(file)}")


def print_paused(console: Console, record: SweepRecord) -> None:
    """What goes on with the best trials that are paused, where any is."""
    if paused := sum(trial.is_paused for trial in record.trials):
        few = min(paused, FEW)
        which = "the only one" if few == 1 else f"the best {few}"
        console.print(
            f"{paused} of the trials paused and were not promoted; go on with {which} by: "
            f"{resume_command(record.folder)} --promote {few}"
        )


def print_ended(console: Console, record: SweepRecord, end: End) -> None:
    """Which cap ended the sweep, and how to go on beyond it."""
    go_on = f"{resume_command(record.folder)} --{end.by} {BEYOND[end.by]}"
    console.print(f"Ended by {ended_by(record)}. Go on with: {go_on}")


def print_no_report(console: Console, folder: Path, refusal: str) -> None:
    """Why the page was not written, and what writes it."""
    console.print(
        f"All but the report is whole: {refusal}, then write it with: {_results_command('report.py', folder)}"
    )


def print_incomplete_views(console: Console, folder: Path, refusal: str) -> None:
    """What a disk that fails once all trials have ended leaves undone."""
    console.print(f"All trials have ended, but {refusal}, then write the rest with: {resume_command(folder)}")


def print_common_failure(console: Console, folder: Path, number: int, failure: Failure) -> None:
    """Why the sweep was stopped: once, with where it happened."""
    console.print(
        f"\nStopped: the first trials all failed the same way. Trial {number}, epoch {failure.epoch}:\n\n"
        f"{failure.traceback}\nMend it, then go on with: {resume_command(folder)} --retry_errored"
    )


def too_many_refused(record: SweepRecord) -> str:
    """Why no further trial was found, and what to do."""
    number, space = record.proposed, record.settings["search_space"]
    reasons = refused_line([refusal for refusal in record.refusals if refusal.number == number])
    return (
        f"no trial {number} was found in the search space {space}: {reasons}; mend its ranges, then go on with: "
        f"{resume_command(record.folder)} --search_space FILE.py"
    )


def resume_command(folder: Path) -> str:
    return sweep_command("--resume", folder)


def _results_command(script: str, folder: Path) -> str:
    """A command of `results/` on the sweep, by its name where that is enough."""
    sweep = folder.name if folder.parent == DEFAULT_STORAGE else shown_path(folder)
    return shlex.join(["python", shown_path(PROJECT / "results" / script), sweep])
