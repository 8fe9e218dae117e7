"""How values read to people: scores to three decimals, hyperparameters to three significant digits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from results.analysis.gains import Gain
from results.analysis.importance import MOST, Importance
from results.analysis.seed_groups import Estimate
from results.record.trial.failures import Failure
from trainable import contract
from trainable.contract import TrialStatus
from trainable.terminal.text import one_line, printable

STARTING_VALUES = "starting values"


def shown_value(value: object) -> str:
    """A hyperparameter, or any number that is no score."""
    return f"{value:.3g}" if isinstance(value, float) else one_line(str(value))


def shown_sample(value: str | float) -> str:
    """A value of what a run shows of an epoch; its lines stay apart."""
    return printable(value) if isinstance(value, str) else shown_value(value)


def shown_values(values: Sequence[Any]) -> str:
    """The range of numbers, or how often each choice was made."""
    if any(isinstance(value, str) for value in values):
        return ", ".join(f"{one_line(str(value))} {times}x" for value, times in Counter(values).most_common())
    ends = dict.fromkeys(shown_value(end(values)) for end in (min, max)) if values else ["none"]
    return " to ".join(ends)


def shown_setting(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shown_value(value)}" for name, value in setting.items())


def shown_score(score: Estimate) -> str:
    """A mean, and how far its 95 % interval reaches to either side where it has one."""
    return f"{score.mean:.3f}" if score.half_width is None else f"{score.mean:.3f} ± {score.half_width:.3f}"


def shown_gain(gain: Gain) -> str:
    """A gain and what is known of its interval."""
    interval = interval_words(gain)
    return f"{gain.value:+.3f} ({interval})" if interval else f"{gain.value:+.3f}"


def interval_words(gain: Gain) -> str:
    """The 95 % interval and what it is over; empty without one."""
    if gain.low is None or gain.high is None:
        return ""
    return f"95 % interval {gain.low:+.3f} to {gain.high:+.3f} over {counted(gain.drawn, gain.resampled)}"


def stand_out_words(found: Importance) -> str:
    """The hyperparameters that matter beyond chance, each with the values that the best quarter has beside all."""
    described = []
    for hyperparameter in found.stand_out:
        best = [hyperparameter.values[index] for index in found.best_quarter if index in hyperparameter.values]
        all_values = list(hyperparameter.values.values())
        described.append(f"{hyperparameter.name} (best quarter {shown_values(best)}; all {shown_values(all_values)})")
    return listed(described)


def drawn_words(found: Importance) -> str:
    """Of how many settings it is, where these are not all; empty else."""
    return f", of {MOST:,} settings drawn from all {found.drawn_from:,}" if found.drawn_from else ""


def failed_how(failure: Failure) -> str:
    return "diverged" if failure.kind == contract.DIVERGED else f"failed ({failure.kind})"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def shown_cell(row: Mapping[str, Any], column: str) -> str:
    """A value of a listing's row; `epoch` is the best / the last, `status` is silent where a trial simply ended."""
    value = row.get(column)
    if column == "status":
        remarks = [] if value == TrialStatus.COMPLETED else [str(value)]
        return ", ".join(remarks + [STARTING_VALUES] * bool(row.get("starting_values")))
    if column == "epoch":
        return f"{_shown_count(value)}/{_shown_count(row.get('epochs'))}"
    if column not in row:
        return "-" if column in ("rank", "score") else ""
    match column:
        case "score":
            return f"{value:.3f}"
        case "gain_low" | "gain_high":
            return f"{value:+.3f}"
        case "ci95":
            return f"±{value:.3f}"
        case "gain":
            low, high = row.get("gain_low"), row.get("gain_high")
            return f"{value:+.3f}" if low is None or high is None else f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
        case "feasible":
            return "yes" if value else "no"
        case "seconds":
            return f"{value:.1f}"
    return shown_value(value)


def _shown_count(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
