"""Caps of a sweep: the epochs and the time that it may take, all its runs together, and what of them is for what.

What is counted, always from the record, so that neither an interruption nor a resume changes it:

- epochs: the rows of all trials, replicates included. An epoch that a crash took back and that runs again counts once.
- time: for how long trials have run, all at once or one at a time, from the moment at which the first one of each run
  of the command is started to the row that came last; each row holds the sum over the runs (contract.SWEEP_TIME).
  Getting ready (settings, data, Ray) is not counted, nor is what came after the last row of a run that was killed.
  Rows of earlier versions hold none, and count for nothing.

A cap ends the search, and leaves room for what makes its result sure: one fresh seed of each finalist. A cap of time
is taken for one of epochs, by the sweep's own pace so far, wherever something is planned.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainable import contract
from trainable.contract import SettingError

if TYPE_CHECKING:  # it takes optuna with it, and the settings read what is here for --help
    from results.record.trial.record import TrialRecord

MOST_FOR_REPLICATES = 0.5
"""Of a cap: with less of it for the search, there would be little to replicate."""

UNITS_S = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0}
_DURATION = re.compile("".join(rf"(?:(\d+(?:\.\d+)?)\s*{unit}\s*)?" for unit in UNITS_S))


def read_duration(name: str, text: str) -> float:
    """Seconds from what a user wrote: '45s', '90min', '1.5h', '1d 12h'.

    Args:
        name: of the setting.

    Raises:
        SettingError: it is no duration, or one of no length.
    """
    found = _DURATION.fullmatch(text.strip())
    parts = found.groups() if found else ()
    seconds = sum(float(part) * unit for part, unit in zip(parts, UNITS_S.values(), strict=False) if part)
    if not seconds:
        raise SettingError(name, f" is {text!r}; it must be a duration above 0, as 45s, 90min, 2h or 1h 30min are")
    return seconds


@dataclass(frozen=True)
class Spent:
    """What a sweep has taken so far, and is bound to take."""

    epochs: int = 0
    """All that are recorded."""
    seconds: float = 0.0
    search: int = 0
    """Epochs of the search's trials, those that are being trained included."""
    replicates: int = 0
    """Epochs of replicates: of those that run, all that they are to have."""
    of_finalists: int = 0
    """Of these, such as replicate a setting that would be replicated if the search ended now."""

    @property
    def pace_s(self) -> float | None:
        """How long an epoch takes, with as many trials at a time as there have been; None while nothing is known."""
        return self.seconds / self.epochs if self.epochs and self.seconds else None


@dataclass(frozen=True)
class Caps:
    """What a sweep may take; None stands for no limit."""

    epochs: int | None = None
    seconds: float | None = None
    finalists: int = 0
    """Settings that are replicated when the search ends, the starting values among them; 0 for none."""
    num_epochs: int = 1
    """Of a replicate."""

    @property
    def are_set(self) -> bool:
        return self.epochs is not None or self.seconds is not None

    def why_over(self, spent: Spent) -> str:
        """By which cap no more of the search is to run, as a setting's name; empty while it may go on.

        Replicates of finalists are paid with what is kept for them; those of settings that are finalists no more, as
        there are after a cap was raised, were the search's expense.
        """
        if self.seconds is not None and spent.seconds >= self.seconds:
            return "time_budget"
        for name, cap in self._in_epochs(spent).items():
            kept = self._kept(cap)
            if spent.search + spent.replicates - min(spent.of_finalists, kept) >= cap - kept:
                return name
        return ""

    def is_out_of_time(self, spent: Spent) -> bool:
        """Whether everything is to pause, a replicate too. Of epochs a replicate has all that it needs, or none."""
        return self.seconds is not None and spent.seconds >= self.seconds

    def room(self, spent: Spent) -> float:
        """How many more replicates there is room for; infinite where there is no limit."""
        bound = spent.search + spent.replicates
        fits = [(cap - bound) // self.num_epochs for cap in self._in_epochs(spent).values()]
        return max(0.0, min(fits, default=float("inf")))

    def tightest(self, spent: Spent) -> str:
        """The cap that is used up first, as a setting's name; empty without one."""
        caps = self._in_epochs(spent)
        return min(caps, key=caps.__getitem__, default="")

    def _in_epochs(self, spent: Spent) -> dict[str, float]:
        caps: dict[str, float] = {}
        if self.epochs is not None:
            caps["epoch_budget"] = self.epochs
        if self.seconds is not None and spent.pace_s:
            caps["time_budget"] = self.seconds / spent.pace_s
        return caps

    def _kept(self, cap: float) -> float:
        return min(float(self.finalists * self.num_epochs), MOST_FOR_REPLICATES * cap)


def time_spent_s(trials: "Iterable[TrialRecord]") -> float:
    """For how long a sweep's trials have run, over all runs of the command; see above what that is."""
    return max((float(row.get(contract.SWEEP_TIME, 0.0)) for trial in trials for row in trial.rows[-1:]), default=0.0)
