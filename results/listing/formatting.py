"""How values read to people: scores to three decimals, hyperparameters to three significant digits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainable import contract
from trainable.contract import TrialStatus

if TYPE_CHECKING:
    from results.analysis.findings import Gain
    from results.analysis.seed_groups import Estimate

STARTING_VALUES = "starting values"


METRIC_NAMES = {contract.VAL_IN_BUDGET_ACCURACY: "in-budget accuracy"}
"""Of those that would not read well by themselves."""


def metric_name(metric: str) -> str:
    """What people call a metric: Val/Accuracy_Mean is the accuracy mean."""
    return METRIC_NAMES.get(metric, metric.rpartition("/")[2].replace("_", " ").lower())


def shown_value(value: object) -> str:
    """A hyperparameter, or any number that is no score."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def shown_setting(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shown_value(value)}" for name, value in setting.items())


def shown_score(score: "Estimate") -> str:
    """A mean, and how far its 95 % interval reaches to either side where it has one."""
    return f"{score.mean:.3f}" if score.half_width is None else f"{score.mean:.3f} ± {score.half_width:.3f}"


def interval_words(gain: "Gain") -> str:
    """The 95 % interval and what it is over; empty without one."""
    if gain.low is None or gain.high is None:
        return ""
    return f"95 % interval {gain.low:+.3f} to {gain.high:+.3f} over {counted(gain.drawn, gain.resampled)}"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def shown_cell(row: Mapping[str, Any], column: str) -> str:
    """A value of a listing's row; `epoch` is the best / the last, `status` is silent where a trial simply ended."""
    value = row.get(column)
    if column == "status":
        remarks = [] if value == TrialStatus.COMPLETED else [str(value)]
        return ", ".join(remarks + [STARTING_VALUES] * bool(row.get("starting_values")))
    if column == "epoch":
        return f"{_count(value)}/{_count(row.get('epochs'))}"
    if value is None:
        return "-" if column in ("rank", "score") else ""
    if column == "score":
        return f"{value:.3f}"
    if column == "ci95":
        return f"±{value:.3f}"
    if column == "seconds":
        return f"{value:.1f}"
    return shown_value(value)


def _count(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
