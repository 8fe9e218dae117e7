"""Sweeps beside each other: one ranking for those that can be compared, apart for those that cannot.

Scores of two sweeps mean the same where objectives, constraints and the data's fingerprint are the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from results.analysis.gains import BaselineGain, Gain, baseline_gains, gain_over
from results.analysis.importance import Importance, importance, observations
from results.analysis.pareto import TradeOff, trade_off_between
from results.analysis.seed_groups import RAN_IN_FULL, SeedGroup, seed_groups
from results.record.on_test_data import OnTestData, read_on_test_data
from results.record.space import Space
from results.record.sweeps import SweepRecord
from results.storage.fetched import shown_place
from trainable import contract
from trainable.ranking import Objective, sign


@dataclass(frozen=True)
class Comparison:
    """One or more sweeps whose trials can be ranked together."""

    records: tuple[SweepRecord, ...]

    @property
    def objective(self) -> Objective:
        return self.records[0].objective

    @property
    def metric(self) -> str:
        return self.records[0].metric

    @property
    def mode(self) -> str:
        return self.records[0].mode

    @property
    def score_name(self) -> str:
        """What people call the metric."""
        return self.records[0].described(self.metric).title

    @cached_property
    def groups(self) -> list[SeedGroup]:
        """Every setting: those that were confirmed, then the others; the best of each first."""
        return seed_groups(self.records)

    @cached_property
    def winner(self) -> SeedGroup | None:
        """The setting with the best score.

        Where settings were confirmed under seeds of their own, the best of those: a mean over seeds that nobody chose
        by says more than the best of many trials.
        """
        return next((group for group in self.groups if group.score), None)

    @cached_property
    def runner_up(self) -> SeedGroup | None:
        """The best of the others that are known as the winner is: confirmed where it is."""
        known = [group for group in self.groups if group.score and group is not self.winner]
        first = next(iter(known), None)
        return first if first and self.winner and first.is_confirmed == self.winner.is_confirmed else None

    @cached_property
    def lead(self) -> Gain | None:
        """The winner's gain over the runner-up; None without one, and where neither need be better than the other."""
        if self.winner is None or self.runner_up is None or len(self.objective.metrics) > 1:
            return None
        return gain_over(self.runner_up, self.winner, self.mode)

    @property
    def flattery(self) -> float | None:
        """By how much the search's score of the winner was better than its score under fresh seeds.

        None where there is nothing to compare: it was not confirmed, or the search has not run it in full.
        """
        if self.winner is None or not self.winner.is_confirmed:
            return None
        searched = self.winner.as_searched
        if not searched.counted or searched.counted[0].rank_of_evidence != RAN_IN_FULL:
            return None
        assert searched.score
        assert self.winner.score
        return sign(self.mode) * (searched.score.mean - self.winner.score.mean)

    @cached_property
    def on_test_data(self) -> OnTestData | None:
        """What the winner achieves on test data; None where that is not known, or was another winner."""
        for trial in self.winner.counted if self.winner else ():
            tested = read_on_test_data(trial.sweep.folder)
            if (
                tested
                and trial.best
                and (tested.trial, tested.epoch) == (trial.trial.number, trial.best[contract.EPOCH])
            ):
                return tested if tested.fingerprint == trial.sweep.data["fingerprint"] else None
        return None

    @cached_property
    def start(self) -> SeedGroup | None:
        """The starting values of the first sweep that has tried them; None where they have no score."""
        for record in self.records:
            for group in self.groups:
                if any(trial.sweep is record and trial.has_starting_values for trial in group.trials):
                    return group if group.score else None
        return None

    @cached_property
    def gain(self) -> Gain | None:
        """Of the winner over the starting values; None where they are the winner."""
        if self.winner is None or self.start is None or self.winner is self.start:
            return None
        return gain_over(self.start, self.winner, self.mode)

    def gain_of(self, group: SeedGroup) -> Gain | None:
        """Of a confirmed setting over the starting values; None of others, and where these are the setting."""
        if self.start is None or not group.is_confirmed or group.setting == self.start.setting:
            return None
        return gain_over(self.start, group, self.mode)

    @cached_property
    def baseline_gains(self) -> tuple[BaselineGain, ...]:
        """Of the winner over what the first sweep's data gives without training, the best baseline last."""
        return baseline_gains(self.winner, self.records[0]) if self.winner else ()

    @cached_property
    def importance(self) -> Importance:
        """Of each hyperparameter, over all settings that have ended."""
        return importance(observations(self.groups, self.objective), self.space)

    @cached_property
    def trade_off(self) -> TradeOff | None:
        """Between several objectives, or between the score and what the kind of run says that it may cost."""
        objective, cost = self.objective, self.records[0].trade_off
        if len(objective.metrics) == 1 and cost is None:
            return None
        if len(objective.metrics) == 1 and cost is not None:
            both = (self.metric, cost.name), (self.mode, cost.direction)
            objective = Objective(*both, objective.constraints)
        return trade_off_between(self.groups, objective)

    def excess(self, group: SeedGroup) -> float | None:
        """By how much a setting violates the constraints; None where it has no score."""
        row = group.mean_row(self.objective)
        return self.objective.excess(row) if row and self.objective.ranks(row) else None

    @property
    def space(self) -> Space:
        """What was searched; of a hyperparameter that several sweeps searched, as the first did."""
        return {name: dimension for record in reversed(self.records) for name, dimension in record.space.items()}

    def name_of_setting(self, group: SeedGroup) -> str:
        """A setting by the first trial that ran it."""
        first = group.trials[0]
        of_sweep = f" of {self.name_of(first.sweep)}" if len(self.records) > 1 else ""
        return f"trial {first.trial.number}{of_sweep}"

    @property
    def names(self) -> list[str]:
        """Of the sweeps."""
        return [self.name_of(record) for record in self.records]

    def name_of(self, record: SweepRecord) -> str:
        """A sweep's name, or its folder where two have the same name."""
        same = Counter(other.name for other in self.records)[record.name]
        return record.name if same == 1 else shown_place(record.folder)


def compare(records: Iterable[SweepRecord]) -> list[Comparison]:
    """What can be ranked together, in the order in which the sweeps were given."""
    together: dict[tuple[Objective, str], list[SweepRecord]] = {}
    for record in records:
        data = str(record.data.get("fingerprint") or record.folder)
        together.setdefault((record.objective, data), []).append(record)
    return [Comparison(tuple(comparable)) for comparable in together.values()]


def why_apart(comparisons: list[Comparison]) -> str | None:
    """Why there are several rankings, in a line; None when there is one."""
    if len(comparisons) == 1:
        return None
    metrics = dict.fromkeys(comparison.objective.written for comparison in comparisons)
    because = f"their scores are {' and '.join(metrics)}" if len(metrics) > 1 else "they ran on different data"
    sweeps = " | ".join(", ".join(record.name for record in comparison.records) for comparison in comparisons)
    return f"Not comparable, so ranked apart: {sweeps} ({because})"
