"""Comparable sweeps in short: the table, what the best gained, what decides, and what failed."""

from rich.console import Group, RenderableType
from rich.text import Text

from results.analysis.best_quarter import best_quarter
from results.analysis.comparison import Comparison
from results.analysis.findings import summarise
from results.analysis.importance import importance
from results.analysis.seed_groups import JudgedTrial
from results.listing.formats import as_markdown
from results.listing.formatting import STARTING_VALUES, interval_words, shown_score, shown_setting
from results.listing.rows import Listing
from results.listing.table import trial_table
from trainable import contract

MOST_NAMED = 6


def summary(comparison: Comparison, listing: Listing) -> Group:
    """What to show of sweeps, finished or not."""
    parts: list[RenderableType] = [Text(title(comparison), style="bold"), *map(Text, head_lines(comparison))]
    parts += [Text(""), trial_table(listing), Text("")]
    return Group(*parts, *map(Text, finding_lines(comparison, listing)))


def markdown_summary(comparison: Comparison, listing: Listing) -> str:
    """The same to paste into an issue or a page."""
    findings = [line for line in finding_lines(comparison, listing) if line]
    return "\n".join(
        [
            f"### {title(comparison)}\n",
            *(f"{line}  " for line in head_lines(comparison)),
            f"\n{as_markdown(listing)}",
            *(f"  - {' '.join(line.split())}" if line.startswith(" ") else f"- {line}" for line in findings),
            "",
        ]
    )


def title(comparison: Comparison) -> str:
    names = [comparison.name_of(record) for record in comparison.records]
    return f"{'Sweep' if len(names) == 1 else 'Sweeps'} {', '.join(names)}"


def head_lines(comparison: Comparison) -> list[str]:
    """On what the trials ran, and what the table's columns mean."""
    data = next((record.data["summary"] for record in comparison.records if record.data), None)
    meaning = f"score: the {comparison.mode} of {comparison.metric} over a trial's epochs; epoch: the best / the last"
    seeds = "a setting under several seeds: their means, and ci95, the score's 95 % interval to either side"
    repeated = any(len(group.trials) > 1 for group in comparison.groups)
    return [*([data] if data else []), meaning, *([seeds] if repeated else [])]


def finding_lines(comparison: Comparison, listing: Listing) -> list[str]:
    """What follows from the table; of all trials, shown or not."""
    blocks = [
        _cut_lines(listing),
        gain_lines(comparison),
        _decision_lines(comparison) + _pareto_lines(comparison),
        [_failure_line(trial) for group in comparison.groups for trial in group.trials if trial.trial.failure],
    ]
    lines = [line for block in blocks if block for line in ("", *block)]
    return lines[1:]


def gain_lines(comparison: Comparison) -> list[str]:
    """The winner beside the starting values, and beside the baselines."""
    findings = summarise(comparison)
    winner, start = findings.winner, findings.start
    if winner is None or winner.score is None:
        return ["No trial has a score yet."]
    over_seeds = "" if winner.score.half_width is None else f" over {winner.score.n} seeds"
    lines = [
        f"Best: {comparison.name_of_setting(winner)}, {comparison.metric} {shown_score(winner.score)}{over_seeds} "
        f"({shown_setting(winner.setting)})"
    ]
    if start and start.score and findings.gain:
        interval = interval_words(findings.gain)
        lines.append(
            f"Gain over the {STARTING_VALUES}: {findings.gain.value:+.3f} "
            f"({start.score.mean:.3f} -> {winner.score.mean:.3f})" + (f", {interval}" if interval else "")
        )
    elif winner is start and len(comparison.groups) > 1:
        lines.append(f"Nothing tried beats the {STARTING_VALUES}.")
    if findings.baselines:
        lines.append("Baselines (95 % interval):")
    for baseline in findings.baselines:
        gain = baseline.gain
        interval = "" if gain.low is None or gain.high is None else f"  ({gain.low:+.3f} to {gain.high:+.3f})"
        lines.append(
            f"  {baseline.name:<14}{baseline.score:.3f}  ({baseline.low:.3f} to {baseline.high:.3f})"
            f"   best trial {gain.value:+.3f}{interval}"
        )
    return lines


def _cut_lines(listing: Listing) -> list[str]:
    if len(listing.rows) == listing.total:
        return []
    return [f"{len(listing.rows)} of {listing.total} shown; what follows is of all"]


def _decision_lines(comparison: Comparison) -> list[str]:
    """Importance and the best quarter, or once why there is neither."""
    observed = comparison.observations
    if not observed:
        return []
    weighed, quarter = importance(observed, comparison.space), best_quarter(observed)
    if quarter.reason:
        return [f"What decides cannot be said: {quarter.reason}."]
    if weighed.reason:
        return [quarter.sentence]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in weighed.shares.items())
    beyond = f"beyond chance: {', '.join(weighed.stand_out)}" if weighed.stand_out else "none is beyond chance"
    return [f"Importance for being in the best quarter (PED-ANOVA): {shares}; {beyond}", quarter.sentence]


def _pareto_lines(comparison: Comparison) -> list[str]:
    found = comparison.pareto
    if not found.groups:
        return []
    up = "up" if comparison.mode == "max" else "down"
    points = [
        f"{comparison.name_of_setting(group)} ({group.score.mean:.3f}, {group.mean_of(found.against):.3f})"
        for group in found.groups[:MOST_NAMED]
        if group.score
    ]
    more = f" and {len(found.groups) - MOST_NAMED} more" if len(found.groups) > MOST_NAMED else ""
    axes = f"{found.score_metric} {up}, {found.against} down, at the best epoch"
    return [f"Pareto set ({axes}): {', '.join(points)}{more}"]


def _failure_line(judged: JudgedTrial) -> str:
    trial = judged.trial
    assert trial.failure
    what = "diverged" if trial.failure.kind == contract.DIVERGED else f"failed ({trial.failure.kind})"
    file = trial.folder / contract.FAILURE_FILE
    return f"Trial {trial.number} {what} in epoch {trial.failure.epoch}: {trial.failure.cause} ({file})"
