"""Runs what is left of a sweep, round by round."""

from rich.console import Console

from results.record.sweeps import SweepRecord, read_again, read_sweep
from results.record.trial.failures import reopen
from results.record.trial.log import cut_rows
from trainable import contract
from trainable.system_errors import in_words, refusal_in
from tune.callbacks.followers import Followers
from tune.callbacks.node_watch import NodeWatch
from tune.callbacks.progress import Progress
from tune.cluster.allotment import Allotment
from tune.cluster.nodes import nodes
from tune.cluster.porters import Porters
from tune.cluster.reach import Newcomers
from tune.engine.left import trials_left
from tune.engine.packer import Packer
from tune.engine.rounds import Round
from tune.engine.signals import Interruption
from tune.engine.snapshots import without_snapshots
from tune.engine.tuner import build_tuner
from tune.mirroring import elsewhere_of, longest_wait_s
from tune.planning.plan import Plan
from tune.screen import announce


def fit(plan: Plan, allotment: Allotment, interruption: Interruption, console: Console) -> Followers:
    """Run it until nothing is left, it is interrupted, or there is no hope for it: a Tuner each round."""
    folder = plan.settings.folder
    record = _cut_to_checkpoints(read_sweep(folder), console)
    elsewhere = elsewhere_of(plan)
    porters = [Porters(elsewhere)] if elsewhere else []
    this_round = Round(allotment)
    watch = NodeWatch(folder, this_round, Newcomers(folder, elsewhere.store if elsewhere else None), console.print)
    followers = Followers(record, plan.wandb_mode, console, lambda: watch.num_usable, elsewhere)
    progress = Progress(
        record,
        allotment.room(nodes()),
        console,
        plan.settings.caps,
        lambda: followers.recorder.seconds,
        lambda: watch.waiting,
    )
    packer = Packer(folder, plan.settings.gpus_per_trial, console.print)
    followers.begin()
    progress.begin()
    try:
        while not (interruption.signal or followers.recorder.is_hopeless()):
            watch.begin_round(this_round)
            callbacks = [interruption, this_round, *followers.in_order(progress), watch, *porters]
            with without_snapshots():
                build_tuner(
                    plan, record, this_round, packer, followers.recorder, elsewhere, callbacks, console.print
                ).fit()
            for number in this_round.again:
                reopen(folder / contract.trial_folder_name(number))
            record = read_again(record, this_round.handed_out | this_round.again)
            if not this_round.next_allotment or not trials_left(record, plan):
                break
            if this_round.again:  # they are shown as failed
                followers.end()
                followers = Followers(record, plan.wandb_mode, console, lambda: watch.num_usable, elsewhere)
                followers.begin()
            this_round = Round(this_round.next_allotment)
        for porter in porters:
            porter.end(longest_wait_s(interruption), lambda: False, console.print)
        followers.end()
        progress.end()
    except Exception as error:  # Ray raises an error of its own for what a callback raised
        refusal = refusal_in(error)
        if not refusal or trials_left(read_sweep(folder), plan):
            raise
        announce.print_incomplete_views(console, folder, in_words(refusal))
    return followers


def _cut_to_checkpoints(record: SweepRecord, console: Console) -> SweepRecord:
    """Cut what unfinished trials cannot go on from: torn lines, and rows beyond the newest checkpoint."""
    unfinished = [trial for trial in record.trials if trial.is_open]
    for trial in unfinished:
        result_file = trial.folder / contract.RESULT_FILE
        lines = len(result_file.read_bytes().splitlines()) if result_file.exists() else 0
        kept = len(cut_rows(trial.folder, max(trial.checkpoint_epochs, default=0)))
        if kept < lines:
            console.print(f"trial {trial.number}: goes on after epoch {kept}; what was written later is not whole")
    return read_again(record, (trial.number for trial in unfinished))
