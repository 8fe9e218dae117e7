"""One sweep as the report shows it: its sentences, numbers, charts and tables, before they become HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from results.analysis.comparison import Comparison
from results.analysis.findings import Findings, summarise
from results.analysis.hyperparameters import varied_hyperparameters
from results.listing.formatting import counted, interval_words, listed, shown_cell, shown_score, shown_value
from results.listing.next_commands import confirm_command, evaluate_command, train_command
from results.listing.rows import Listing, list_trials
from results.page.charts.chart import Chart, Table
from results.page.charts.curves import curve_charts
from results.page.charts.frontier import frontier_charts
from results.page.charts.importance import importance_chart
from results.page.charts.parallel import parallel_chart
from results.page.charts.scored_settings import scored_settings
from results.page.charts.slices import slice_charts
from results.page.charts.standing import gain_charts, seed_charts
from results.page.words import (
    Card,
    Words,
    cards,
    headline,
    how_long,
    status_counts,
    trust_line,
    when,
    winner_line,
)
from results.record.sweeps import SweepRecord
from trainable import contract

COLUMN_TITLES = {"rank": "#", "epoch": "best epoch"}
SLICES_INTRO = (
    "A filled dot ran all of its epochs, a hollow one fewer, so its score may have grown; the star is the winner, the "
    "diamond has the starting values."
)


@dataclass(frozen=True)
class Part:
    """Charts under one heading."""

    name: str
    title: str
    short_title: str
    """In the page's navigation."""
    charts: Sequence[Chart]
    intro: str = ""


@dataclass(frozen=True)
class Column:
    name: str
    title: str
    is_number: bool


@dataclass(frozen=True)
class Cell:
    """What it shows, and what its column is sorted by: None where there is nothing."""

    column: str
    text: str
    key: float | str | None
    is_number: bool


@dataclass(frozen=True)
class Row:
    """One trial."""

    number: int
    role: str
    """'winner', 'start' or nothing special"""
    cells: Sequence[Cell]


@dataclass(frozen=True)
class FailureGroup:
    """Trials that failed the same way."""

    what: str
    cause: str
    traceback: str


@dataclass(frozen=True)
class Command:
    purpose: str
    line: str

    @property
    def words(self) -> list[str]:
        """The line in pieces that are not torn: a flag and its value."""
        first, *flags = self.line.split(" --")
        return [first, *(f"--{flag}" for flag in flags)]


@dataclass(frozen=True)
class Result:
    """What sweeps came to, in words and numbers."""

    names: str
    headline: Sequence[Words]
    winner_line: str
    trust_line: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Section:
    """All that the page says of one sweep."""

    anchor: str
    name: str
    result: Result
    parts: Sequence[Part]
    columns: Sequence[Column]
    rows: Sequence[Row]
    failures: Sequence[FailureGroup]
    commands: Sequence[Command]
    facts: Sequence[tuple[str, str]]
    settings: Table
    began: str
    best: str
    gain: str
    trials: str


def result_of(findings: Findings) -> Result:
    comparison = findings.comparison
    return Result(
        names=listed([comparison.name_of(record) for record in comparison.records]),
        headline=headline(findings),
        winner_line=winner_line(findings),
        trust_line=trust_line(findings),
        cards=cards(findings),
    )


def section_of(record: SweepRecord, anchor: str, name: str) -> Section:
    """One sweep by itself.

    Args:
        anchor: its place in the page. name: what it is called beside the others there.
    """
    findings = summarise(Comparison((record,)))
    listing = list_trials(findings.comparison, ungrouped=True)
    winner = findings.winner
    return Section(
        anchor=anchor,
        name=name,
        result=result_of(findings),
        parts=_parts(findings),
        columns=_columns(listing),
        rows=[_row(findings, listing, values) for values in listing.rows],
        failures=_failures(record),
        commands=_commands(findings),
        facts=_facts(record),
        settings=_settings(record),
        began=when(record),
        best=shown_score(winner.score) if winner and winner.score else "-",
        gain=_gain(findings),
        trials=status_counts([record]),
    )


def _parts(findings: Findings) -> list[Part]:
    parts = [
        Part("compared", "How good it is", "Gain", [*gain_charts(findings), *seed_charts(findings)]),
        Part("learning", "How it learnt", "Learning", curve_charts(findings)),
        Part("latency", "Accuracy against latency", "Latency", frontier_charts(findings)),
    ]
    settings = scored_settings(findings)
    if settings and findings.comparison.records[0].job_type == "search":
        deciding = [*importance_chart(settings), parallel_chart(settings)]
        parts += [
            Part("decides", "Which hyperparameters decide", "Hyperparameters", deciding),
            Part("slices", "Slices through the space", "Slices", slice_charts(settings), SLICES_INTRO),
        ]
    return [part for part in parts if part.charts]


def _columns(listing: Listing) -> list[Column]:
    return [
        Column(name, COLUMN_TITLES.get(name, name), all(_is_number(row.get(name)) for row in listing.rows))
        for name in listing.shown
    ]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _row(findings: Findings, listing: Listing, values: Any) -> Row:
    number = values["trial"]
    role = ""
    for group, of_group in ((findings.start, "start"), (findings.winner, "winner")):
        if group and any(trial.trial.number == number for trial in group.trials):
            role = of_group
    return Row(number, role, [_cell(values, column) for column in listing.shown])


def _cell(values: Any, column: str) -> Cell:
    value = values.get(column)
    is_number = _is_number(value)
    key = value if is_number else shown_value(value)
    return Cell(column, shown_cell(values, column), key, is_number)


def _failures(record: SweepRecord) -> list[FailureGroup]:
    together: dict[tuple[str, str], list[Any]] = {}
    for trial in record.trials:
        if trial.failure:
            together.setdefault((trial.failure.kind, trial.failure.cause), []).append(trial)
    found = []
    for (kind, cause), trials in together.items():
        numbers = listed([str(trial.number) for trial in trials])
        who = f"Trial {numbers}" if len(trials) == 1 else f"{counted(len(trials), 'trial')} ({numbers})"
        epochs = sorted({trial.failure.epoch for trial in trials})
        span = f"epoch {epochs[0]}" if len(epochs) == 1 else f"epochs {epochs[0]} to {epochs[-1]}"
        what = "diverged" if kind == contract.DIVERGED else f"failed ({kind})"
        found.append(FailureGroup(f"{who} {what} in {span}:", cause, trials[0].failure.traceback))
    return found


def _commands(findings: Findings) -> list[Command]:
    winner = findings.winner
    if winner is None or not winner.counted:
        return []
    judged = winner.counted[0]
    record, trial = judged.sweep, judged.trial
    known = (
        ("Train the winner again, alone: the same numbers, up to its best epoch", train_command(record, trial)),
        ("Judge its policy on test data, which no trial has seen", evaluate_command(record, trial)),
        ("Confirm the best settings under seeds that this search never saw", confirm_command(record)),
    )
    return [Command(purpose, line) for purpose, line in known if line]


def _facts(record: SweepRecord) -> list[tuple[str, str]]:
    settings = record.settings
    tried = [_tried(h) for h in varied_hyperparameters([t.setting for t in record.trials], record.space)]
    facts = (
        ("Data", record.data.get("summary", "")),
        ("Score", f"the {record.mode} of {record.metric} over a trial's epochs"),
        ("Trials", f"{settings.get('num_samples')} of at most {counted(record.num_epochs, 'epoch')}"),
        ("Tried", "; ".join(tried)),
        ("Confirms", str(settings.get("confirm") or "")),
        ("Seed", "" if settings.get("confirm") else f"{settings['seed']}, the same in all trials"),
        ("Begun", when(record)),
        ("Took", how_long(record)),
        ("Folder", contract.shown_path(record.folder)),
    )
    return [(name, text) for name, text in facts if text]


def _tried(hyperparameter: Any) -> str:
    values = list(hyperparameter.values.values())
    if hyperparameter.kind is str:
        return f"{hyperparameter.name} {listed(sorted(set(values)), 'or')}"
    on = " (log scale)" if hyperparameter.log else ""
    return f"{hyperparameter.name} {shown_value(min(values))} to {shown_value(max(values))}{on}"


def _settings(record: SweepRecord) -> Table:
    shown = ((name, _plain(value)) for name, value in record.settings.items() if name != "history")
    history = [
        (f"changed {entry['when']}", "; ".join(entry["changes"])) for entry in record.settings.get("history", ())
    ]
    return Table(("setting", "value"), (*shown, *history))


def _plain(value: object) -> str:
    if value is None:
        return "by default"
    return ", ".join(map(str, value)) or "all" if isinstance(value, list) else str(value)


def _gain(findings: Findings) -> str:
    if findings.gain is None:
        return "-"
    interval = interval_words(findings.gain)
    return f"{findings.gain.value:+.3f}" + (f" ({interval})" if interval else "")
