"""Comparable sweeps in short: the table, what the best gained, what decides, and what failed."""

import io
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from results.analysis.comparison import Comparison, why_apart
from results.files.atomic_write import write_atomically
from results.listing.certainty import gain_lines, ranking_lines, trust_line
from results.listing.formats import as_markdown, as_table, escaped, table_width
from results.listing.formatting import drawn_words, failed_how, stand_out_words
from results.listing.objectives import constraint_line, pareto_lines, ranking_words, score_words
from results.listing.refused import refused_line
from results.listing.rows import Listing
from results.record.trial.failures import Failure
from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.terminal.console import PlainConsole
from trainable.terminal.text import printable

PICTURE_WIDTH = 125


def print_summaries(comparisons: list[Comparison], listings: list[Listing]) -> None:
    """Print them, and why there are several."""
    console = PlainConsole()
    # Sentences are wrapped where somebody reads them; in a pipe, and in tables anywhere, a line stays a line.
    _print(console, comparisons, listings, soft_wrap=not console.is_terminal)


def save_picture(comparisons: list[Comparison], listings: list[Listing], file: Path) -> None:
    """The same as an SVG file.

    Raises:
        DiskError: it cannot be written there.
    """
    width = max(PICTURE_WIDTH, *map(table_width, listings))
    console = PlainConsole(io.StringIO(), record=True, width=width)
    _print(console, comparisons, listings, soft_wrap=False)
    title = ", ".join(name for comparison in comparisons for name in comparison.names)
    write_atomically(file, console.export_svg(title=printable(title)))


def _print(console: PlainConsole, comparisons: list[Comparison], listings: list[Listing], soft_wrap: bool) -> None:
    apart = why_apart(comparisons)
    if apart:
        console.print(f"{apart}\n", soft_wrap=soft_wrap)
    for index, (comparison, listing) in enumerate(zip(comparisons, listings, strict=True)):
        if index:
            console.print()
        console.print(summary(comparison, listing), soft_wrap=soft_wrap, crop=False)


def as_markdown_page(comparisons: list[Comparison], listings: list[Listing]) -> str:
    """The same to paste into an issue or a page."""
    apart = why_apart(comparisons)
    parts = [f"{escaped(apart)}\n"] if apart else []
    return "\n".join([*parts, *map(_markdown_summary, comparisons, listings)])


def summary(comparison: Comparison, listing: Listing) -> Group:
    """What to show of sweeps, finished or not."""
    parts: list[RenderableType] = [Text(title(comparison), style="bold"), *map(Text, head_lines(comparison))]
    parts += [Text(""), as_table(listing), Text("")]
    return Group(*parts, *map(Text, finding_lines(comparison, listing)))


def _markdown_summary(comparison: Comparison, listing: Listing) -> str:
    findings = [escaped(line) for line in finding_lines(comparison, listing) if line]
    return "\n".join(
        [
            f"### {escaped(title(comparison))}\n",
            *(f"{escaped(line)}  " for line in head_lines(comparison)),
            f"\n{as_markdown(listing)}",
            *(f"  - {' '.join(line.split())}" if line.startswith(" ") else f"- {line}" for line in findings),
            "",
        ]
    )


def title(comparison: Comparison) -> str:
    return f"{'Sweep' if len(comparison.names) == 1 else 'Sweeps'} {', '.join(comparison.names)}"


def head_lines(comparison: Comparison) -> list[str]:
    """On what the trials ran, and what the table's columns mean."""
    data = comparison.records[0].data["summary"]
    meaning = f"score: {score_words(comparison.objective)}; epoch: the best / the last"
    seeds = "a setting under several seeds: their means, and ci95, the score's 95 % interval to either side"
    again = "trials of one setting under one seed are one row: they differ by nothing; --ungrouped shows each"
    several = any(len({trial.seed for trial in group.trials}) > 1 for group in comparison.groups)
    repeated = any(len(group.trials) > 1 for group in comparison.groups)
    of_groups = [seeds] if several else [again] if repeated else []
    ranking = ranking_words(comparison.objective)
    of_ranking = [f"ranked {ranking}"] if ranking else []
    return [*([data] if data else []), meaning, *of_ranking, *(ranking_lines(comparison) or of_groups)]


def finding_lines(comparison: Comparison, listing: Listing) -> list[str]:
    """What follows from the table; of all trials, shown or not."""
    shown, trials = len(listing.rows), [trial.trial for group in comparison.groups for trial in group.trials]
    refusals = [refusal for record in comparison.records for refusal in record.refusals]
    blocks = [
        [f"{shown} of {listing.total} shown; what follows is of all"] if shown < listing.total else [],
        [
            *filter(None, [constraint_line(comparison)]),
            *gain_lines(comparison),
            *filter(None, [trust_line(comparison)]),
        ],
        _decision_lines(comparison) + pareto_lines(comparison),
        [_failure_line(trial, trial.failure) for trial in trials if trial.failure],
        [refused_line(refusals)] if refusals else [],
    ]
    lines = [line for block in blocks if block for line in ("", *block)]
    return lines[1:]


def _decision_lines(comparison: Comparison) -> list[str]:
    """What decides, or why that cannot be said."""
    found = comparison.importance
    if found.reason:
        return [f"What decides cannot be said: {found.reason}."]
    if not found.shares:
        return []
    shares = ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items())
    beyond = f"beyond chance: {stand_out_words(found)}" if found.stand_out else "none is beyond chance"
    return [f"Importance for being in the best quarter (PED-ANOVA{drawn_words(found)}): {shares}; {beyond}"]


def _failure_line(trial: TrialRecord, failure: Failure) -> str:
    file = trial.folder / contract.FAILURE_FILE
    return f"Trial {trial.number} {failed_how(failure)} in epoch {failure.epoch}: {failure.cause} ({file})"
