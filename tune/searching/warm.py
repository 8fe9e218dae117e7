"""What a new sweep takes of earlier ones, from their records alone.

A trial that could be one of the new sweep's own (the same run, data, epochs and objective, and the same value of every
setting that is not searched now) is told to its sampler as if it had been run in it: no epoch is spent, and it stands
in no ranking. Of all others their settings are of use, not their scores: the best are the first to be tried.

Of what is searched now and was not then, a trial has the value that it was trained with; a value outside of the space
is left out of what the sampler learns from. A setting that was run under several seeds, as finalists are, is told once,
with the mean over those of its trials that ran in full: told once a seed, TPE would take it for as many good places.
"""

import itertools
import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from results.listing.formatting import counted, listed, shown_value
from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord, read_trial
from results.record.warm_start import EarlierTrial, WarmStart
from trainable import contract
from trainable.contract import TrialStatus
from trainable.ranking import Objective, Row
from tune.sampling.told import ToldTrial, TrialState

MOST_FIRST = 5
"""Settings of earlier sweeps that are tried before anything is drawn, over all of them. The next best lie mostly beside
the best, and a new sweep has 16 trials by default."""

STATES = {
    TrialStatus.COMPLETED: TrialState.COMPLETED,
    TrialStatus.STOPPED_EARLY: TrialState.STOPPED,
    TrialStatus.PAUSED: TrialState.PAUSED,
}
"""Of trials that tell something; the others failed, or have not ended."""


@dataclass(frozen=True)
class NewSweep:
    """What a trial has to agree with, and what is searched."""

    objective: Objective
    fingerprint: str
    inputs: str
    training: Mapping[str, Any]
    """Every setting that shapes what is trained, by name; what is searched, at its starting value."""
    defaults: Mapping[str, Any]
    """What of these an earlier version that lacks one trained with."""
    searched: Sequence[str]
    holds: Callable[[Mapping[str, Any]], bool]
    """Whether the space has these hyperparameters in it."""
    is_same_run: Callable[[str], bool]
    """Whether a sweep that says so of its run trained the same kind."""
    why_refused: Callable[[Mapping[str, Any]], str]
    """Why no trial can have these hyperparameters; empty where one can."""

    @property
    def starting_values(self) -> dict[str, Any]:
        return {name: self.training[name] for name in self.searched if name in self.training}


@dataclass
class _Taken:
    """Of one earlier sweep."""

    sweep: SweepRecord
    told: list[EarlierTrial] = field(default_factory=list)
    settings: list[dict[str, Any]] = field(default_factory=list)
    """Of trials that cannot be told, the best first."""
    why_not_told: Counter[str] = field(default_factory=Counter)
    why_left_out: Counter[str] = field(default_factory=Counter)


def warm_start(sweeps: Sequence[SweepRecord], new: NewSweep) -> WarmStart:
    """What to take of earlier sweeps: in words, too, what of each, what not, and why."""
    taken = [_take(sweep, new) for sweep in sweeps]
    told = [trial for of_sweep in taken for trial in of_sweep.told]
    known = [new.starting_values, *(trial.config for trial in told)]
    first: list[dict[str, Any]] = []
    chosen = [0] * len(taken)
    for in_turn in itertools.zip_longest(*(of_sweep.settings for of_sweep in taken)):
        for index, setting in enumerate(in_turn):
            if setting is not None and setting not in (*known, *first) and len(first) < MOST_FIRST:
                first.append(setting)
                chosen[index] += 1
    return WarmStart(tuple(told), tuple(first), tuple(map(_in_words, taken, chosen)))


def told_of(taken: WarmStart) -> list[ToldTrial]:
    """The trials of earlier sweeps as a sampler is told of them, before the sweep's own."""
    return [ToldTrial(trial.config, TrialState(trial.state), trial.epochs, trial.best) for trial in taken.told]


def _take(sweep: SweepRecord, new: NewSweep) -> _Taken:
    taken = _Taken(sweep)
    of_sweep = _why_no_trial_agrees(sweep, new)
    for trials in _tried(sweep, taken.why_left_out):
        config = {name: _trained_with(sweep, trials[0], name, new) for name in new.searched}
        if not of_sweep:
            trials = [read_trial(sweep.folder, trial.number) for trial in trials]
        why = of_sweep or _difference(sweep, trials[0], new)
        if not why:
            best = _mean([row for row in (new.objective.best_row(trial.rows) for trial in trials) if row])
            state, epochs = STATES[trials[0].status(sweep.num_epochs)], len(trials[0].rows)
            taken.told.append(EarlierTrial(sweep.name, trials[0].number, config, state, epochs, best))
        elif not new.holds(config):
            taken.why_left_out["outside of what is searched now"] += 1
        elif refusal := new.why_refused(config):
            taken.why_left_out[refusal] += 1
        else:
            taken.why_not_told[why] += 1
            taken.settings.append(config)
    taken.told.sort(key=lambda trial: trial.number)
    return taken


def _tried(sweep: SweepRecord, why_left_out: Counter[str]) -> Iterator[list[TrialRecord]]:
    """The trials that tell something of each setting, the best setting first: one, or those that ran in full."""
    by_setting: dict[str, list[TrialRecord]] = {}
    for trial in sweep.ranked():
        if trial.status(sweep.num_epochs) in STATES and sweep.best_row(trial):
            by_setting.setdefault(json.dumps(trial.setting, sort_keys=True), []).append(trial)
        else:
            why_left_out["failed or without a score" if trial.finished else "not finished"] += 1
    for trials in by_setting.values():
        trials.sort(key=lambda trial: trial.number)
        in_full = [trial for trial in trials if trial.status(sweep.num_epochs) is TrialStatus.COMPLETED]
        yield in_full or [max(trials, key=lambda trial: len(trial.rows))]


def _why_no_trial_agrees(sweep: SweepRecord, new: NewSweep) -> str:
    """What sets a whole sweep apart; empty where nothing does."""
    if not new.is_same_run(str(sweep.settings["run"])):
        return f"it trained {sweep.settings['run']}"
    before, now = sweep.objective, new.objective
    if (before.metrics, before.modes) != (now.metrics, now.modes):
        ranked = listed([f"the {mode} of {metric}" for metric, mode in zip(before.metrics, before.modes, strict=True)])
        return f"its trials are ranked by {ranked}"
    for name, value in (("fingerprint", new.fingerprint), ("inputs", new.inputs)):
        if (sweep.data.get(name) or value) != value:
            return f"it ran on other data ({sweep.data['summary']})"
    if sweep.num_epochs != new.training["num_epochs"]:
        return f"its trials have {sweep.num_epochs} epochs"
    return ""


def _difference(sweep: SweepRecord, trial: TrialRecord, new: NewSweep) -> str:
    """The first setting that is not searched now and was another for that trial, or what its rows lack; else empty."""
    for name, value in new.training.items():
        if name in new.searched or name == "run":
            continue
        before = _trained_with(sweep, trial, name, new)
        if before != value:
            return f"{name} was {shown_value(before)}"
    lacking = [name for name in new.objective.needed if name not in trial.rows[0]]
    return f"its epochs lack {listed(lacking)}" if lacking else ""


def _trained_with(sweep: SweepRecord, trial: TrialRecord, name: str, new: NewSweep) -> Any:
    return trial.config.get(name, sweep.settings.get(name, new.defaults.get(name)))


def _mean(rows: Sequence[Row]) -> Row:
    """Of the metrics that all rows have; of one row, its own."""
    names = [name for name in rows[0] if contract.is_metric(name) and all(name in row for row in rows)]
    means = {name: statistics.fmean(row[name] for row in rows) for name in names}
    return {contract.EPOCH: rows[0][contract.EPOCH], **means}


def _in_words(taken: _Taken, tried_first: int) -> str:
    parts = []
    if taken.told:
        parts.append(f"{counted(len(taken.told), 'setting')} told to the sampler, with their scores")
    if taken.why_not_told:
        several = len(taken.why_not_told) > 1
        whys = [f"{why} ({count})" if several else why for why, count in taken.why_not_told.most_common()]
        of_all = counted(taken.why_not_told.total(), "setting")
        parts.append(f"{tried_first} of {of_all} tried first, without their scores, since {listed(whys)}")
    parts += [f"{count} left out: {why}" for why, count in taken.why_left_out.most_common()]
    return f"--warm_start {taken.sweep.name}: {'; '.join(parts) or 'it has no trials'}"
