"""The one rule by which trials are ranked: by one epoch of each, which stands for it.

That is the best epoch by the first objective among those that satisfy the constraints, or, where none does, the one
that violates them least: it is the checkpoint that would be used. A trial's score is its first objective there.

Only finite numbers rank: an epoch one of whose objectives is NaN, infinite or no number is as good as none, whichever
end is best.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from trainable.contract import EPOCH, SettingError
from trainable.pareto import fronts, reference_point, widest_first

Row = dict[str, Any]
"""One epoch of a trial: a line of its result.json."""

MODES = {"max": 1.0, "min": -1.0}
MOST_OBJECTIVES = 3
"""With more, next to no trial is beaten in all of them, and nothing could be called behind (Ishibuchi et al. 2008)."""

Ranked = TypeVar("Ranked")

_LAST = (math.inf, math.inf)
_CONSTRAINT = re.compile(r"\s*(?P<metric>.*\S)\s*(?P<relation><=|>=)\s*(?P<bound>\S+)\s*")


@dataclass(frozen=True)
class Constraint:
    """What a metric must be for a trial to be of use."""

    metric: str
    relation: str
    """'<=' or '>='"""
    bound: float

    @property
    def written(self) -> str:
        """As a user writes it: 'Val/Budget_Violation_Rate <= 0.05'."""
        return f"{self.metric} {self.relation} {repr(self.bound).removesuffix('.0')}"

    def excess(self, row: Row) -> float:
        """How far a row is beyond the bound, as a share of it (of a bound of 0: in the metric's own unit).

        A share, so that milliseconds do not outweigh rates where several are summed. 0.0 where the constraint holds,
        infinite where the row has no finite value.
        """
        value = row.get(self.metric)
        if not _is_finite(value):
            return math.inf
        beyond = value - self.bound if self.relation == "<=" else self.bound - value
        return max(0.0, beyond) / (abs(self.bound) or 1.0)


def read_constraint(text: str) -> Constraint:
    """A constraint from what a user wrote.

    Raises:
        SettingError: it is none.
    """
    found = _CONSTRAINT.fullmatch(text)
    try:
        bound = float(found["bound"]) if found else math.nan
    except ValueError:
        bound = math.nan
    if not found or not math.isfinite(bound):
        raise SettingError(
            "constraint",
            f" is {text!r}; it must be a metric, <= or >=, and a number: 'Val/Budget_Violation_Rate <= 0.05'",
        )
    return Constraint(found["metric"], found["relation"], bound)


@dataclass(frozen=True)
class Objective:
    """What trials are ranked by: one metric or several, each as large or as small as can be, under constraints."""

    metrics: tuple[str, ...]
    modes: tuple[str, ...]
    """Of each metric 'max' or 'min'."""
    constraints: tuple[Constraint, ...] = ()

    @property
    def metric(self) -> str:
        """The first, which the score is."""
        return self.metrics[0]

    @property
    def mode(self) -> str:
        """Of the first."""
        return self.modes[0]

    @property
    def written(self) -> str:
        """In words: 'the max of Val/Accuracy_Mean and the min of Val/Latency_Mean, where Val/Reward_Mean >= 0'."""
        each = " and ".join(f"the {mode} of {metric}" for metric, mode in zip(self.metrics, self.modes, strict=True))
        return ", where ".join([each, *filter(None, [" and ".join(one.written for one in self.constraints)])])

    @property
    def needed(self) -> tuple[str, ...]:
        """Every metric that a row must have."""
        return tuple(dict.fromkeys([*self.metrics, *(constraint.metric for constraint in self.constraints)]))

    def excess(self, row: Row) -> float:
        """By how much a row violates the constraints, summed over them; 0.0 where it satisfies all."""
        return sum((constraint.excess(row) for constraint in self.constraints), 0.0)

    def ranks(self, row: Row) -> bool:
        """Whether a row has a finite value of each objective."""
        return self._standing(row) is not None

    def losses(self, row: Row) -> tuple[float, ...]:
        """Of a row that ranks, each objective so that less is better."""
        return tuple(-sign(mode) * row[metric] for metric, mode in zip(self.metrics, self.modes, strict=True))

    def better(self, best: Row | None, row: Row) -> Row | None:
        """What stands for a trial, of what did so far and its next row; of equal ones the earlier.

        Whoever follows a trial keeps the best row instead of asking all earlier rows again at each epoch:

            self._best = objective.better(self._best, row)

        None stands for no row that ranks, before the first one and as long as there is none.
        """
        standing = self._standing(row)
        if standing is None:
            return best
        before = None if best is None else self._standing(best)
        return row if before is None or standing < before else best

    def ranked_by(self, row: Row) -> Row:
        """Of a row what ranks it, and its epoch: enough for whoever keeps the rows of thousands of trials."""
        return {name: row[name] for name in (EPOCH, *self.needed) if name in row}

    def best_row(self, rows: Iterable[Row]) -> Row | None:
        """The row that stands for a trial; None where none ranks."""
        best = None
        for row in rows:
            best = self.better(best, row)
        return best

    def best_first(self, items: Iterable[Ranked], row_of: Callable[[Ranked], Row | None]) -> list[Ranked]:
        """Sorted by the rows that stand for them, those that satisfy the constraints before those that do not.

        With one objective by it; with several by non-dominated rank, within one by what each adds to the hypervolume of
        those before it. Those that violate a constraint by how much, those without a row that ranks last; equal ones as
        they came.
        """
        items = list(items)
        rows = [row_of(item) for item in items]
        standings = [self.standing(row) for row in rows]
        order = sorted(range(len(items)), key=standings.__getitem__)
        if len(self.metrics) > 1:
            feasible = [index for index in range(len(items)) if standings[index][0] == 0.0]
            losses = [self.losses(row) for index in feasible if (row := rows[index])]
            order = [*(feasible[index] for index in _in_ranks(losses)), *order[len(feasible) :]]
        return [items[index] for index in order]

    def standing(self, row: Row | None) -> tuple[float, float]:
        """How a row compares with others by the first objective: less is better; no row, or one that does not rank,
        is behind all others."""
        return (self._standing(row) if row else None) or _LAST

    def _standing(self, row: Row) -> tuple[float, float] | None:
        """How a row compares with others of its trial: less is better; None where it does not rank."""
        values = [row.get(metric) for metric in self.metrics]
        finite = [value for value in values if _is_finite(value)]
        return (self.excess(row), -sign(self.mode) * finite[0]) if len(finite) == len(values) else None


def read_objective(metric: str, mode: str, constraints: Sequence[str] = ()) -> Objective:
    """An objective from what a user wrote.

    Args:
        metric: one name, or several with commas between them; a name that holds one stands in double quotes.
        mode: of each 'max' or 'min', in the same order.

    Raises:
        SettingError: a part of it is none.
    """
    metrics, modes = read_names(metric), tuple(word.strip() for word in mode.split(","))
    if len(set(metrics)) < len(metrics):
        raise SettingError("metric", f" is {metric!r}; name each metric once")
    if len(metrics) > MOST_OBJECTIVES:
        raise SettingError(
            "metric",
            f" is {metric!r}; it can be at most {MOST_OBJECTIVES} metrics, since with more next to no trial is behind "
            "another in all of them; make a --constraint of the others",
        )
    if len(modes) != len(metrics) or not MODES.keys() >= set(modes):
        wanted = "'max' or 'min'" if len(metrics) == 1 else f"{len(metrics)} of 'max' and 'min', as in 'max,min'"
        raise SettingError("mode", f" is {mode!r}; it must be {wanted}")
    return Objective(metrics, modes, tuple(dict.fromkeys(map(read_constraint, constraints))))


def read_names(text: str) -> tuple[str, ...]:
    """Names with commas between them; one that holds a comma stands in double quotes."""
    return tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), [""]))


def written_names(names: Iterable[str]) -> str:
    """What `read_names` reads."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def sign(mode: str) -> float:
    """1 where more is better, -1 where less is."""
    return MODES[mode]


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _in_ranks(losses: Sequence[tuple[float, ...]]) -> list[int]:
    if not losses:
        return []
    reference = reference_point(losses)
    # Within a front as they came, since of equals the earlier is to be first.
    ranks = [sorted(front) for front in fronts(losses)]
    return [front[k] for front in ranks for k in widest_first([losses[index] for index in front], reference)]
