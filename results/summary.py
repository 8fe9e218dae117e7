"""Comparable sweeps in short: the table, what the best gained, what decides, and what failed."""

from rich.console import Group, RenderableType
from rich.text import Text

from results.best_quarter import best_quarter
from results.comparison import Comparison
from results.importance import importance
from results.listing import Listing
from results.listing_formats import as_markdown
from results.ranking import sign
from results.seed_groups import Estimate, JudgedTrial, SeedGroup, gain
from results.shown import shown_setting
from results.table import trial_table
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
    """The best setting beside the one with the starting values, and beside the baselines."""
    best = next((group for group in comparison.groups if group.score), None)
    if best is None or best.score is None:
        return ["No trial has a score yet."]
    lines = [
        f"Best: {_named(comparison, best)}, {comparison.metric} {_shown(best.score)} ({shown_setting(best.setting)})"
    ]
    start = comparison.starting_values
    gained = gain(best, start) if start else None
    if start and start.score and gained:
        lines.append(
            f"Gain over the starting values: {_signed(gained, comparison.mode)} "
            f"({start.score.mean:.3f} -> {best.score.mean:.3f})"
        )
    data = comparison.records[0].data
    if data.get("baselines") and data.get("objective") == comparison.metric:
        lines.append("Baselines (95 % interval):")
        for baseline in data["baselines"]:
            lines.append(
                f"  {baseline['name']:<14}{baseline['value']:.3f}  ({baseline['low']:.3f} to {baseline['high']:.3f})"
                f"   best trial {sign(comparison.mode) * (best.score.mean - baseline['value']):+.3f}"
            )
    return lines


def _named(comparison: Comparison, group: SeedGroup) -> str:
    trial = group.trials[0]
    of_sweep = f" of {comparison.name_of(trial.sweep)}" if len(comparison.records) > 1 else ""
    return f"trial {trial.trial.number}{of_sweep}"


def _shown(score: Estimate) -> str:
    if score.half_width is None:
        return f"{score.mean:.3f}"
    return f"{score.mean:.3f} ± {score.half_width:.3f} over {score.n} seeds"


def _signed(gained: Estimate, mode: str) -> str:
    value = f"{sign(mode) * gained.mean:+.3f}"
    return value if gained.half_width is None else f"{value} ± {gained.half_width:.3f}"


def _cut_lines(listing: Listing) -> list[str]:
    if len(listing.rows) == listing.total:
        return []
    return [f"{len(listing.rows)} of {listing.total} shown; what follows is of all"]


def _decision_lines(comparison: Comparison) -> list[str]:
    """Importance and the best quarter, or once why there is neither."""
    observed = comparison.observations
    if not observed:
        return []
    weighed, quarter = importance(observed), best_quarter(observed)
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
        f"{_named(comparison, group)} ({group.score.mean:.3f}, {group.mean_of(found.against):.3f})"
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
