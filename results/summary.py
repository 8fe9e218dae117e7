"""A sweep in short: the table of its trials, what the best gained, and the baselines."""

from rich.console import Group, RenderableType
from rich.text import Text

from results.ranking import sign
from results.records import SweepRecord, TrialRecord
from results.shown import shown_value
from results.table import trial_table
from trainable import contract


def summary(record: SweepRecord) -> Group:
    """What to show of a sweep, finished or not."""
    parts: list[RenderableType] = [Text(f"Sweep {record.name}", style="bold")]
    if record.data:
        parts.append(Text(record.data["summary"]))
    parts.append(Text(f"score: the {record.mode} of {record.metric} over a trial's epochs; epoch: the best / the last"))
    parts += [Text(""), trial_table(record), Text(""), *(Text(line) for line in gain_lines(record))]
    failed = [trial for trial in record.trials if trial.failure]
    if failed:
        parts += [Text(""), *(Text(_failure_line(trial)) for trial in failed)]
    return Group(*parts)


def gain_lines(record: SweepRecord) -> list[str]:
    """The best trial beside the one with the starting values, and beside the baselines."""
    best = next(iter(record.ranked()), None)
    best_score = record.score(best) if best else None
    if best is None or best_score is None:
        return ["No trial has a score yet."]
    values = ", ".join(f"{name} {shown_value(value)}" for name, value in best.config.items())
    lines = [f"Best: trial {best.number}, {record.metric} {best_score:.3f} ({values})"]
    first = record.first_trial
    first_score = record.score(first) if first else None
    if first_score is not None:
        lines.append(
            f"Gain over the starting values: {sign(record.mode) * (best_score - first_score):+.3f} "
            f"({first_score:.3f} -> {best_score:.3f})"
        )
    if record.data.get("baselines") and record.data.get("objective") == record.metric:
        lines.append("Baselines (95 % interval):")
        for baseline in record.data["baselines"]:
            lines.append(
                f"  {baseline['name']:<14}{baseline['value']:.3f}  ({baseline['low']:.3f} to {baseline['high']:.3f})"
                f"   best trial {sign(record.mode) * (best_score - baseline['value']):+.3f}"
            )
    return lines


def _failure_line(trial: TrialRecord) -> str:
    assert trial.failure
    what = "diverged" if trial.failure.kind == contract.DIVERGED else f"failed ({trial.failure.kind})"
    file = trial.folder / contract.FAILURE_FILE
    return f"Trial {trial.number} {what} in epoch {trial.failure.epoch}: {trial.failure.cause} ({file})"
