"""What trials are ranked by in words, which of them are of use, and what is traded for what."""

from results.analysis.comparison import Comparison
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import counted, listed, shown_value
from trainable.ranking import Objective

MOST_NAMED = 6


def score_words(objective: Objective) -> str:
    """What a trial's score is."""
    of_use = f" that satisfy {constraint_words(objective)}" if objective.constraints else ""
    return f"the {objective.mode} of {objective.metric} over a trial's epochs{of_use}"


def ranking_words(objective: Objective) -> str:
    """What the order of trials is; empty where the score says it."""
    if len(objective.metrics) == 1:
        return ""
    each = [f"{metric} ({mode})" for metric, mode in zip(objective.metrics, objective.modes, strict=True)]
    return f"by Pareto rank over {listed(each)}, then by what each adds to the hypervolume"


def constraint_words(objective: Objective) -> str:
    return listed([constraint.written for constraint in objective.constraints])


def constraint_line(comparison: Comparison) -> str:
    """How many settings satisfy the constraints, or that none does; empty without any."""
    objective = comparison.objective
    known = [(group, excess) for group in comparison.groups if (excess := comparison.excess(group)) is not None]
    if not objective.constraints or not known:
        return ""
    violating = sum(excess > 0 for _, excess in known)
    if violating < len(known):
        several = counted(len(known), "setting")
        behind = ": they are ranked behind the others" if violating else ""
        return (
            f"{violating or 'None'} of {several} violate{'s' * (violating < 2)} {constraint_words(objective)}{behind}"
        )
    nearest, _ = min(known, key=lambda one: one[1])
    row = nearest.mean_row(objective) or {}
    there = [
        f"{constraint.metric} {shown_value(row.get(constraint.metric, 'not finite'))}"
        for constraint in objective.constraints
        if constraint.excess(row) > 0
    ]
    nearest_one = f"the nearest is {comparison.name_of_setting(nearest)} with {listed(there)}"
    return f"No trial satisfies {constraint_words(objective)}: {nearest_one}"


def nothing_better(comparison: Comparison) -> str:
    """What is said of a winner that was there from the start, up to its name."""
    return "nothing tried beats" if len(comparison.objective.metrics) == 1 else "no setting is ranked before"


def other_values(comparison: Comparison, *groups: SeedGroup) -> list[str]:
    """Of settings, from one to the next, each objective but the first, which is the score."""
    values = {metric: [group.mean_of(metric) for group in groups] for metric in comparison.objective.metrics[1:]}
    return [f"{metric} {' -> '.join(map(shown_value, each))}" for metric, each in values.items()]


def pareto_lines(comparison: Comparison) -> list[str]:
    """The Pareto set; of several objectives with its hypervolume."""
    found = comparison.trade_off
    if not found or not found.pareto_set:
        return []
    points = [_point(comparison, group, found.axes) for group in found.pareto_set[:MOST_NAMED]]
    unnamed = len(found.pareto_set) - len(points)
    more = f" and {unnamed} more" if unnamed else ""
    up = {"max": "up", "min": "down"}
    each = [f"{metric} {up[mode]}" for metric, mode in zip(found.axes.metrics, found.axes.modes, strict=True)]
    line = f"Pareto set ({', '.join(each)}, at the best epoch): {', '.join(points)}{more}"
    if len(comparison.objective.metrics) == 1:
        return [line]
    reference = ", ".join(map(shown_value, found.reference))
    return [line, f"Its hypervolume: {found.hypervolume:.4g}, from the reference point ({reference})"]


def _point(comparison: Comparison, group: SeedGroup, axes: Objective) -> str:
    values = [mean for metric in axes.metrics if (mean := group.mean_of(metric)) is not None]
    return f"{comparison.name_of_setting(group)} ({', '.join(f'{value:.3f}' for value in values)})"
