"""Trials of one setting under several seeds, as one: how many seeds, their mean and its 95 % interval.

What counts is one trial a seed, and only the most telling kind that there is: replicates and trials of a confirming
sweep, whose seeds are fresh, before those of a search, since a search's best trial was picked for its score and would
lift the mean; trials that ran all their epochs before those stopped early, paused or still running.

Settings that have fresh seeds come first, by these alone, and then the others, by what the search saw of them: a score
that a setting was chosen by and one that it was not are no two of a kind.
"""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from trainable.contract import TrialStatus
from trainable.ranking import Objective, Row

CONFIDENCE = 0.95
INPUTS = "inputs"
"""Key of data.json: what trainings see beside what they are scored on."""
CONFIRMED, RAN_IN_FULL, ENDED_EARLY, OPEN = 3, 2, 1, 0
"""How telling a trial is: it ran in full under a fresh seed; it ran in full; it ended early, or waits at a rung; it may
still change, or broke off."""

_ENDED_EARLY = (TrialStatus.STOPPED_EARLY, TrialStatus.PAUSED, TrialStatus.DIVERGED)


@dataclass(frozen=True)
class JudgedTrial:
    """A trial with what was made of it."""

    sweep: SweepRecord
    trial: TrialRecord
    setting: Mapping[str, Any]
    """Its hyperparameters, and the settings in which the sweeps compared differ."""
    seed: int
    status: TrialStatus
    best: Row | None
    score: float | None

    @property
    def has_starting_values(self) -> bool:
        first = self.sweep.first_trial
        return first is not None and first.setting == self.trial.setting

    @property
    def is_fresh(self) -> bool:
        """Whether it ran under a seed that its setting was not chosen by."""
        return self.sweep.job_type_of(self.trial) == "confirm"

    @property
    def rank_of_evidence(self) -> int:
        """One of CONFIRMED, RAN_IN_FULL, ENDED_EARLY and OPEN."""
        if self.status is TrialStatus.COMPLETED:
            return CONFIRMED if self.is_fresh else RAN_IN_FULL
        return ENDED_EARLY if self.status in _ENDED_EARLY else OPEN


@dataclass(frozen=True)
class Estimate:
    """A mean and how far its 95 % interval (Student's t) reaches to either side: None for a single value."""

    mean: float
    half_width: float | None
    n: int


@dataclass(frozen=True)
class SeedGroup:
    """One setting's trials, of one sweep or several."""

    trials: tuple[JudgedTrial, ...]

    @property
    def setting(self) -> Mapping[str, Any]:
        return self.trials[0].setting

    @property
    def has_starting_values(self) -> bool:
        return any(trial.has_starting_values for trial in self.trials)

    @cached_property
    def counted(self) -> tuple[JudgedTrial, ...]:
        """The trials that the estimate is of: one a seed."""
        scored = [trial for trial in self.trials if trial.score is not None]
        most = max((trial.rank_of_evidence for trial in scored), default=OPEN)
        telling = [trial for trial in scored if trial.rank_of_evidence == most]
        # A fresh seed that has not run in full is no further seed of the search's score.
        telling = [trial for trial in telling if not trial.is_fresh] or telling
        by_seed = {trial.seed: trial for trial in reversed(telling)}
        return tuple(by_seed[seed] for seed in sorted(by_seed))

    @property
    def is_confirmed(self) -> bool:
        """Whether the score is of seeds that the setting was not chosen by."""
        return bool(self.counted) and self.counted[0].rank_of_evidence == CONFIRMED

    @cached_property
    def score(self) -> Estimate | None:
        """Of the setting's score; None when no trial has one."""
        values = [trial.score for trial in self.counted if trial.score is not None]
        return estimate(values) if values else None

    @cached_property
    def as_searched(self) -> "SeedGroup":
        """The setting as the search knows it, without its fresh seeds; as it is, where it has no others."""
        return SeedGroup(tuple(trial for trial in self.trials if not trial.is_fresh) or self.trials)

    def mean_of(self, metric: str) -> float | None:
        """A metric at the best epochs of the counted trials; None when one of them lacks it."""
        values = [trial.best.get(metric) for trial in self.counted if trial.best]
        numbers = [float(value) for value in values if isinstance(value, (int, float)) and math.isfinite(value)]
        return statistics.fmean(numbers) if numbers and len(numbers) == len(self.counted) else None

    def mean_row(self, objective: Objective) -> Row | None:
        """What it is ranked by; None when no trial has a score."""
        means = {metric: self.mean_of(metric) for metric in objective.needed}
        return {name: mean for name, mean in means.items() if mean is not None} or None


def seed_groups(records: Sequence[SweepRecord]) -> list[SeedGroup]:
    """The settings of comparable sweeps (the same objective on the same data), as `ranked` has them."""
    names = telling_names(records)
    grouped: dict[str, list[JudgedTrial]] = {}
    for record, shaping in zip(records, _what_shapes(records), strict=True):
        for trial in record.trials:
            setting = shaping | trial.setting
            shown = {name: setting[name] for name in names if name in setting}
            key = json.dumps(setting, sort_keys=True, default=str)
            grouped.setdefault(key, []).append(_judged(record, trial, shown))
    return ranked((SeedGroup(tuple(trials)) for trials in grouped.values()), records[0].objective)


def telling_names(records: Sequence[SweepRecord]) -> list[str]:
    """What tells settings apart: every hyperparameter, and what shapes the training and differs between the sweeps.

    What a sweep searches, another may hold fixed: then it is a hyperparameter of both.
    """
    searched = dict.fromkeys(name for record in records for trial in record.trials for name in trial.setting)
    first, *others = shaping = _what_shapes(records)
    fixed = dict.fromkeys(name for of_sweep in shaping for name in of_sweep if name not in searched)
    return [*searched, *(name for name in fixed if any(other.get(name) != first.get(name) for other in others))]


def _what_shapes(records: Sequence[SweepRecord]) -> list[dict[str, Any]]:
    """Of each sweep what shapes its trainings, and what they see where all sweeps tell: older ones do not."""
    all_tell = all(record.data.get(INPUTS) for record in records)
    return [record.training_settings | ({INPUTS: record.data[INPUTS]} if all_tell else {}) for record in records]


def ranked(groups: Iterable[SeedGroup], objective: Objective) -> list[SeedGroup]:
    """Those that satisfy the constraints first; of these the confirmed ones before those that only the search knows,
    and in each the best means first.

    Confirmed starting values alone, as a cap of the sweep's may leave it, come before nothing: they were not chosen.
    """
    groups = list(groups)
    is_one_chosen = any(group.is_confirmed and not group.has_starting_values for group in groups)

    def key(group: SeedGroup) -> tuple[bool, bool]:
        violates = objective.excess(group.mean_row(objective) or {}) > 0
        return violates, is_one_chosen and not group.is_confirmed

    return sorted(objective.best_first(groups, lambda group: group.mean_row(objective)), key=key)


def has_single_seeds(groups: Sequence[SeedGroup]) -> bool:
    """Whether a setting was confirmed by one seed alone, so that its score has no interval."""
    return any(group.is_confirmed and len(group.counted) == 1 for group in groups)


def shows_evidence(groups: Sequence[SeedGroup]) -> bool:
    """Whether a reader has to be told of each setting what its score is of: some are confirmed, and others, or others
    of their trials, have only the score that the search saw."""
    scored = [group for group in groups if group.score]
    confirmed = [group for group in scored if group.is_confirmed]
    return bool(confirmed) and any(not trial.is_fresh for group in scored for trial in group.trials)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of some values and its 95 % interval."""
    n = len(values)
    if n == 1:
        return Estimate(values[0], None, 1)
    from scipy.special import stdtrit  # the quantile of Student's t; scipy.stats would take longer to import

    quantile = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    return Estimate(statistics.fmean(values), quantile * statistics.stdev(values) / math.sqrt(n), n)


def _judged(record: SweepRecord, trial: TrialRecord, setting: Mapping[str, Any]) -> JudgedTrial:
    best = record.best_row(trial)
    return JudgedTrial(
        sweep=record,
        trial=trial,
        setting=setting,
        seed=record.seed(trial),
        status=trial.status(record.num_epochs),
        best=best,
        score=None if best is None else float(best[record.metric]),
    )
