"""What the report's template shows of sweeps: sentences, numbers, charts and tables, before they become HTML."""

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from results.analysis.comparison import Comparison
from results.analysis.hyperparameters import varied_hyperparameters
from results.analysis.seed_groups import shows_evidence
from results.listing.ended import ended_by
from results.listing.formatting import counted, failed_how, listed, shown_values
from results.listing.next_commands import confirm_command, evaluate_command, train_command
from results.listing.objectives import ranking_words, score_words
from results.listing.refused import refused_line
from results.listing.rows import Listing, list_trials
from results.page.before_and_after import before_and_after
from results.page.charts.chart import Chart, Numbers
from results.page.charts.curves import curve_charts
from results.page.charts.figures import figure_charts
from results.page.charts.gains import gain_charts, seed_charts
from results.page.charts.importance import importance_charts
from results.page.charts.objectives import objective_charts
from results.page.charts.parallel import parallel_chart
from results.page.charts.settings import scored_settings, thinned_settings
from results.page.charts.slices import slice_charts
from results.page.charts.thinning import MOST_ROWS
from results.page.words import how_long, when
from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from results.record.warm_start import read_warm_start
from results.storage.fetched import shown_place
from trainable import contract
from trainable.contract import PROJECT

SLICES_INTRO = (
    "A filled dot ran all of its epochs, a hollow one fewer, so its score may have grown; the star is the winner, the "
    "diamond has the starting values."
)
MOST_NAMED = 20
"""Trials that failed the same way."""
SCORES_OF_THE_SEARCH = " Scores here are those of the search, which all settings have; fresh seeds are above."


@dataclass(frozen=True)
class Part:
    """Charts under one heading."""

    name: str
    title: str
    short_title: str
    """In the page's navigation."""
    charts: Sequence[Chart]
    intro: str = ""


def section_of(record: SweepRecord, anchor: str, name: str) -> dict[str, Any]:
    """All that the page says of one sweep by itself.

    Args:
        anchor: its id in the page. name: what it is called beside the others there.
    """
    comparison = Comparison((record,))
    roles = ((comparison.start, "start"), (comparison.winner, "winner"))
    role_of = {trial.trial.number: role for group, role in roles if group for trial in group.trials}
    listing = list_trials(comparison, ungrouped=True)
    rows = tuple(row for place, row in enumerate(listing.rows) if place < MOST_ROWS or row["trial"] in role_of)
    listing = dataclasses.replace(listing, rows=rows)
    return {
        "anchor": anchor,
        "name": name,
        "record": record,
        "comparison": comparison,
        "parts": _parts(comparison),
        "samples": before_and_after(comparison),
        "listing": listing,
        "rows_left_out": _rows_left_out(record, listing),
        "number_columns": _number_columns(listing),
        "roles": role_of,
        "failures": _failures(record),
        "commands": _commands(comparison),
        "facts": _facts(record),
        "settings": _settings(record),
    }


def _parts(comparison: Comparison) -> list[Part]:
    parts = [
        Part("compared", "How good it is", "Gain", [*gain_charts(comparison), *seed_charts(comparison)]),
        Part("traded", "What is traded for what", "Objectives", objective_charts(comparison)),
        Part("learning", "How it learnt", "Learning", curve_charts(comparison)),
        Part("achieves", "What it achieves", "Achieved", figure_charts(comparison)),
    ]
    settings, varied = scored_settings(comparison)
    if settings and comparison.records[0].job_type == "search":
        deciding = [*importance_charts(comparison), parallel_chart(comparison, settings, varied)]
        slices = slice_charts(comparison, settings, varied)
        left_out = thinned_settings(comparison)
        intro = SLICES_INTRO + left_out + (SCORES_OF_THE_SEARCH if shows_evidence(comparison.groups) else "")
        parts += [
            Part("decides", "Which hyperparameters decide", "Hyperparameters", deciding, left_out.strip()),
            Part("slices", "Slices through the space", "Slices", slices, intro),
        ]
    return [part for part in parts if part.charts]


def _rows_left_out(record: SweepRecord, listing: Listing) -> tuple[str, str] | None:
    """A sentence and the command that shows them; None where all rows are there."""
    if len(listing.rows) == listing.total:
        return None
    sweep = contract.shown_path(record.folder, PROJECT)
    command = shlex.join(["python", "results/compare_trials.py", sweep, "--ungrouped", "--format", "csv"])
    return f"These are the best {len(listing.rows):,} of {listing.total:,} trials; all of them:", command


def _number_columns(listing: Listing) -> set[str]:
    """Columns of nothing but numbers."""
    return {name for name in listing.shown if all(_is_number(row.get(name)) for row in listing.rows)}


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _failures(record: SweepRecord) -> list[dict[str, str]]:
    """Trials that failed the same way are one entry."""
    together: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in record.trials:
        if trial.failure:
            together.setdefault((failed_how(trial.failure), trial.failure.cause), []).append(trial)
    return [_failure(how, cause, trials) for (how, cause), trials in together.items()]


def _failure(how: str, cause: str, trials: Sequence[TrialRecord]) -> dict[str, str]:
    failures = [trial.failure for trial in trials if trial.failure]
    named = [str(trial.number) for trial in trials[:MOST_NAMED]]
    numbers = listed([*named, *([f"{len(trials) - MOST_NAMED:,} more"] if len(trials) > MOST_NAMED else [])])
    who = f"Trial {numbers}" if len(trials) == 1 else f"{counted(len(trials), 'trial')} ({numbers})"
    epochs = sorted({failure.epoch for failure in failures})
    span = f"epoch {epochs[0]}" if len(epochs) == 1 else f"epochs {epochs[0]} to {epochs[-1]}"
    return {"what": f"{who} {how} in {span}:", "cause": cause, "traceback": failures[0].traceback}


def _commands(comparison: Comparison) -> list[tuple[str, str]]:
    """What each is for, and the command."""
    if comparison.winner is None:
        return []
    judged = comparison.winner.counted[0]
    record, trial = judged.sweep, judged.trial
    known = (
        ("Train the winner again, alone: the same numbers, up to its best epoch", train_command(record, trial)),
        ("Judge it on test data, which no trial has seen", evaluate_command(record, trial)),
        ("Confirm the best settings under seeds that this search never saw", confirm_command(record, PROJECT)),
    )
    return [(purpose, command) for purpose, command in known if command]


def _facts(record: SweepRecord) -> list[tuple[str, str]]:
    settings = record.settings
    facts = (
        ("Data", record.data["summary"]),
        ("Score", score_words(record.objective)),
        ("Ranked", ranking_words(record.objective)),
        ("Trials", _trials(record)),
        ("Tried", _tried(record)),
        ("Refused", refused_line(record.refusals) if record.refusals else ""),
        ("Confirms", str(settings.get("confirm") or "")),
        ("Seed", "" if settings.get("confirm") else f"{settings['seed']}, the same in all trials of the search"),
        ("Begun", when(record)),
        ("Took", how_long(record)),
        ("Ended by", ended_by(record)),
        ("Learnt from", "; ".join(read_warm_start(record.folder).said)),
        ("Folder", shown_place(record.folder, contract.PROJECT)),
    )
    return [(name, text) for name, text in facts if text]


def _trials(record: SweepRecord) -> str:
    searched = f"{record.num_samples} of at most {counted(record.num_epochs, 'epoch')}"
    seeds = sorted({record.seed(trial) for trial in record.replicates})
    fresh = f"seed{'' if len(seeds) == 1 else 's'} {listed([str(seed) for seed in seeds])}"
    return (
        f"{searched}; then {counted(len(record.replicates), 'run')} of finalists under {fresh}" if seeds else searched
    )


def _tried(record: SweepRecord) -> str:
    tried = []
    for one in varied_hyperparameters([trial.setting for trial in record.trials], record.space):
        values = list(one.values.values())
        span = listed(sorted(set(values)), "or") if one.is_choice else shown_values(values)
        tried.append(f"{one.name} {span}{' (log scale)' if one.is_log else ''}")
    return "; ".join(tried)


def _settings(record: SweepRecord) -> Numbers:
    # Sweeps up to format 2 recorded defaults of what they searched, too: the values of no trial.
    not_shown = {"history", *record.space}
    shown = [(name, _plain(value)) for name, value in record.settings.items() if name not in not_shown]
    history = [
        (f"changed {entry['when']}", "; ".join(entry["changes"])) for entry in record.settings.get("history", ())
    ]
    return [("setting", "value"), *shown, *history]


def _plain(value: object) -> str:
    if value in (None, []):
        return "not given"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
