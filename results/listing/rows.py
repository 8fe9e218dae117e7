"""A comparison as rows of named values: chosen, sorted and cut as a user asks, in whatever format they are shown.

A row is a setting under all of its seeds, or one trial. Of several seeds every number is the mean.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from results.analysis.comparison import Comparison
from results.analysis.gains import Gain
from results.analysis.seed_groups import SeedGroup, has_single_seeds, ranked, shows_evidence
from results.listing.certainty import FRESH, SEARCHED
from results.listing.formatting import counted as in_words
from results.listing.where import Values, parse_where
from trainable import contract
from trainable.contract import UserError

BEFORE = ("rank", "sweep", "trial")
AFTER = (
    "seed", "score", "evidence", "ci95", "seeds", "gain", "gain_low", "gain_high", "gain_over", "epoch", "epochs",
    "seconds", "status", "starting_values", "feasible", "front", "pareto", "hypervolume", "reference_point", "metric",
)  # fmt: skip
"""Around the hyperparameters; the metrics at the best epoch come last, and are called longer where these have their
name."""
NOT_TRADED = {"pareto": False}


@dataclass(frozen=True)
class Listing:
    """Rows, best first until they are sorted otherwise."""

    columns: tuple[str, ...]
    shown: tuple[str, ...]
    """The columns that people see when they ask for none."""
    rows: tuple[Values, ...]
    total: int
    """Rows before any were left out."""

    def where(self, holds: Callable[[Values], bool]) -> "Listing":
        return replace(self, rows=tuple(row for row in self.rows if holds(row)))

    def sorted(self, keys: Sequence[str]) -> "Listing":
        """By columns, each from the least, or with a '-' before it from the most; absent values come last."""
        rows = list(self.rows)
        for key in reversed(keys):
            column = key.removeprefix("-")
            known = [row for row in rows if row.get(column) is not None]
            absent = [row for row in rows if row.get(column) is None]
            known.sort(key=lambda row: _order(row[column]), reverse=key.startswith("-"))
            rows = known + absent
        return replace(self, rows=tuple(rows))

    def top(self, most: int | None) -> "Listing":
        return replace(self, rows=self.rows[:most])

    def with_columns(self, columns: Sequence[str]) -> "Listing":
        return replace(self, columns=tuple(columns), shown=tuple(columns))


def list_trials(comparison: Comparison, ungrouped: bool = False) -> Listing:
    """Every setting of a comparison, or every trial."""
    groups = comparison.groups
    if ungrouped:
        groups = ranked((SeedGroup((trial,)) for group in groups for trial in group.trials), comparison.objective)
    names = {name: _column(name) for group in groups for name in group.setting}
    best_rows = (trial.best or {} for group in groups for trial in group.counted)
    reported = sorted({name for row in best_rows for name in row if contract.is_metric(name)})
    taken = {*BEFORE, *AFTER, *names.values()}
    metrics = {name: f"metric/{name}" if name in taken else name for name in reported}
    traded = _traded(comparison)
    rows = tuple(
        _row(comparison, group, rank, names, metrics) | traded.get(id(group.trials[0]), NOT_TRADED)
        for rank, group in enumerate(groups, start=1)
    )
    return Listing(
        columns=(*BEFORE, *names.values(), *AFTER, *metrics.values()),
        shown=_columns_for_people(comparison, groups, names.values(), metrics),
        rows=rows,
        total=len(rows),
    )


def choose(
    listings: list[Listing],
    where: str | None,
    sort: Sequence[str] | None,
    top: int | None,
    columns: Sequence[str] | None,
) -> list[Listing]:
    """The rows that fulfil a condition, sorted by columns, the first of them, with the columns that are asked for.

    Raises:
        UserError: the condition is none, or there is no such column.
    """
    if where:
        holds = parse_where(where, all_columns(listings))
        listings = [listing.where(holds) for listing in listings]
    if sort:
        check_columns([key.removeprefix("-") for key in sort], listings, "--sort")
        listings = [listing.sorted(sort) for listing in listings]
    listings = [listing.top(top) for listing in listings]
    if columns:
        check_columns(columns, listings, "--columns")
        listings = [listing.with_columns(columns) for listing in listings]
    return listings


def check_columns(wanted: Iterable[str], listings: Sequence[Listing], flag: str) -> None:
    """Whether there are such columns.

    Raises:
        UserError: there is none of that name; it names those that there are.
    """
    known = all_columns(listings)
    for column in wanted:
        if column not in known:
            raise UserError(f"{flag}: there is no column {column!r}; the columns are {', '.join(known)}")


def all_columns(listings: Sequence[Listing]) -> list[str]:
    return list(dict.fromkeys(column for listing in listings for column in listing.columns))


def _traded(comparison: Comparison) -> dict[int, dict[str, Any]]:
    """Where a setting stands among those that several objectives rank, by the id of each of its trials."""
    found = comparison.trade_off
    if found is None:
        return {}
    whole = {"hypervolume": found.hypervolume, "reference_point": ", ".join(map(str, found.reference))}
    has_several = len(comparison.objective.metrics) > 1
    return {
        id(trial): {"pareto": front == 1} | ({"front": front, **whole} if has_several else {})
        for front, groups in enumerate(found.fronts, start=1)
        for group in groups
        for trial in group.trials
    }


def _columns_for_people(
    comparison: Comparison, groups: Sequence[SeedGroup], names: Iterable[str], metrics: Mapping[str, str]
) -> tuple[str, ...]:
    columns = ["rank", *(["sweep"] if len(comparison.records) > 1 else []), "trial", *names]
    is_grouped = any(len(group.trials) > 1 for group in groups)
    if not is_grouped and len({group.trials[0].seed for group in groups}) > 1:
        columns.append("seed")
    objective = comparison.objective
    columns += ["score", *(metrics[name] for name in objective.needed[1:] if name in metrics)]
    columns += [*(["feasible"] if objective.constraints else []), *(["front"] if len(objective.metrics) > 1 else [])]
    if shows_evidence(groups):
        columns.append("evidence")
    if is_grouped and not has_single_seeds(groups):
        columns += ["ci95", "seeds"]
    elif is_grouped:
        columns += [*(["ci95", "seeds"] if any(len(group.counted) > 1 for group in groups) else []), "gain"]
    return (*columns, "epoch", "status")


def _row(
    comparison: Comparison, group: SeedGroup, rank: int, names: Mapping[str, str], metrics: Mapping[str, str]
) -> dict[str, Any]:
    """Without the columns that it has no value in: a hyperparameter may be None, and that is a value."""
    first, counted = group.trials[0], group.counted or group.trials
    excess = comparison.excess(group) if comparison.objective.constraints else None
    seconds = [trial.trial.rows[-1].get("time_total_s") for trial in counted if trial.trial.rows]
    columns = {
        "rank": rank if group.score else None,
        "sweep": comparison.name_of(first.sweep),
        "trial": first.trial.number,
        "seed": first.seed if len(group.trials) == 1 else None,
        "score": group.score.mean if group.score else None,
        "evidence": (FRESH if counted[0].is_fresh else SEARCHED) if group.score else None,
        "ci95": group.score.half_width if group.score else None,
        "seeds": len(counted) if group.score else 0,
        **_gain(comparison.gain_of(group)),
        "epoch": _mean([trial.best[contract.EPOCH] for trial in counted if trial.best]),
        "epochs": _mean([len(trial.trial.rows) for trial in counted]),
        "seconds": _mean([value for value in seconds if value is not None]),
        "status": _status(group),
        "starting_values": group.has_starting_values,
        "feasible": None if excess is None else excess == 0,
        "metric": comparison.metric,
        **{column: group.mean_of(metric) for metric, column in metrics.items()},
    }
    setting = {column: group.setting[name] for name, column in names.items() if name in group.setting}
    return {name: value for name, value in columns.items() if value is not None} | setting


def _gain(gain: Gain | None) -> dict[str, Any]:
    """Over the starting values: paired, so that it has an interval where the score has none."""
    if gain is None:
        return {}
    over = in_words(gain.drawn, gain.resampled) if gain.resampled else None
    return {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "gain_over": over}


def _status(group: SeedGroup) -> str:
    counts = Counter(trial.status for trial in group.trials)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _mean(values: Sequence[float]) -> float | None:
    """Of one value, that value: a whole number stays one."""
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else sum(values) / len(values)


def _column(name: str) -> str:
    """A hyperparameter's column; one that is called like another column has a longer name."""
    return f"config/{name}" if name in BEFORE + AFTER else name


def _order(value: Any) -> tuple[str, Any]:
    """Numbers among themselves, text among itself."""
    return ("", value) if isinstance(value, (int, float)) else ("text", str(value))
