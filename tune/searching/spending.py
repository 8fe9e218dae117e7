"""What a sweep has taken so far, as its epochs come in, and whether that ends its search."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.ranking import Row
from tune.searching.caps import Caps, Spent
from tune.searching.replication import chosen
from tune.searching.stopping import Gains, StopWhen


class Spending:
    """Follows a sweep from where its record stands.

    Of a trial that runs, the epoch that it is amid counts, so that there is not one too many when all have paused.
    """

    def __init__(self, record: SweepRecord, caps: Caps, rule: StopWhen | None, seconds: Callable[[], float]) -> None:
        """
        Args:
            seconds: for how long trials have run by now.
        """
        self._caps, self._rule, self._seconds = caps, rule, seconds
        self._objective = record.objective
        self._epochs = {trial.number: len(trial.rows) for trial in record.trials}
        self._of_all = sum(self._epochs.values())
        self._of_search = sum(len(trial.rows) for trial in record.search_trials)
        self._replicates = {trial.number: trial.setting for trial in record.replicates}
        self._bound = {trial.number for trial in record.replicates if trial.is_open}
        """Replicates that are to have all their epochs."""
        self._settings = {trial.number: trial.setting for trial in record.search_trials}
        self._best: dict[int, Row | None] = {trial.number: _kept_best(record, trial) for trial in record.search_trials}
        self._finalists: list[dict[str, Any]] | None = None
        """If the search ended now; None where that is to be found anew."""
        self._training: set[int] = set()
        self._gains = Gains(record.objective)
        self._gains.follow(record.search_trials)

    def begin(self, number: int, config: Mapping[str, Any], *, is_replicate: bool) -> None:
        """A trial is handed out, new or once more."""
        setting = {name: value for name, value in config.items() if name != contract.SEED}
        self._training.add(number)
        self._epochs.setdefault(number, 0)
        if is_replicate:
            self._replicates[number] = setting
            self._bound.add(number)
        else:
            self._settings[number] = setting
            self._finalists = None

    def hear(self, number: int, row: Row) -> None:
        """An epoch has come in; one that repeats another, after a lost worker, is none."""
        if row[contract.EPOCH] <= self._epochs[number]:
            return
        more = row[contract.EPOCH] - self._epochs[number]
        self._epochs[number] += more
        self._of_all += more
        if number in self._settings:
            self._of_search += more
            self._finalists = None
            row = self._objective.ranked_by(row)
            self._best[number] = self._objective.better(self._best.get(number), row)
            self._gains.hear(row)

    def end(self, number: int, *, failed: bool, goes_on: bool) -> None:
        """A trial is not trained any more: it ended, waits at a rung, or goes on when a cap is raised."""
        self._training.discard(number)
        if not goes_on:
            self._bound.discard(number)
            if number in self._settings and not failed:
                self._gains.end(number)

    def why_over(self) -> str:
        """Which setting ends the search as it stands, by its name; empty while it may go on."""
        if self._rule and self._gains.is_over(self._rule):
            return "stop_when"
        return self._by_cap()

    def lets_go_on(self, number: int) -> bool:
        """Whether a trial that was interrupted goes on: when a cap has ended the search, only replicates do.

        A rule to stop by lets those that have begun come to the end that they would.
        """
        return not self.is_out_of_time if number in self._replicates else not self._by_cap()

    def _by_cap(self) -> str:
        return self._caps.why_over(self._spent()) if self._caps.are_set else ""

    def pauses(self, number: int, epoch: int) -> bool:
        """Whether a cap pauses a trial after an epoch that is not recorded yet."""
        if not self._caps.are_set:
            return False
        spent = self._spent(after=(number, epoch))
        if number in self._replicates:
            return self._caps.is_out_of_time(spent)
        return bool(self._caps.why_over(spent))

    @property
    def is_out_of_time(self) -> bool:
        return self._caps.is_out_of_time(self._spent()) if self._caps.are_set else False

    @property
    def room(self) -> float:
        """How many more replicates there is room for; infinite without caps."""
        return self._caps.room(self._spent()) if self._caps.are_set else math.inf

    @property
    def tightest(self) -> str:
        """The cap that is used up first, by its name; empty without one."""
        return self._caps.tightest(self._spent())

    def _spent(self, after: tuple[int, int] | None = None) -> Spent:
        """
        Args:
            after: a trial and the epoch that it has done, which is not recorded yet; it is amid no other.
        """
        number, more = (after[0], after[1] - self._epochs[after[0]]) if after else (None, 0)
        amid = sum(one in self._settings for one in self._training if one != number)
        bound = {
            one: self._caps.num_epochs if one in self._bound else self._epochs[one] + (more if one == number else 0)
            for one in self._replicates
        }
        finalists = self._finalists_now() if bound else []
        return Spent(
            epochs=self._of_all + more,
            seconds=self._seconds(),
            search=self._of_search + (more if number in self._settings else 0) + amid,
            replicates=sum(bound.values()),
            of_finalists=sum(bound[one] for one, setting in self._replicates.items() if setting in finalists),
        )

    def _finalists_now(self) -> list[dict[str, Any]]:
        if self._finalists is None:
            standings = ((self._settings[number], self._best.get(number)) for number in sorted(self._settings))
            self._finalists = chosen(self._objective, standings, self._settings.get(0), self._caps.finalists - 1)
        return self._finalists


def _kept_best(record: SweepRecord, trial: TrialRecord) -> Row | None:
    best = record.best_row(trial)
    return record.objective.ranked_by(best) if best else None
