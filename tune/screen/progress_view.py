"""A sweep in progress, as lines: one sentence, or a panel whose height and columns stay while its numbers change."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from results.listing.formatting import shown_value

BAR_COLUMNS = 24
OTHER_LINES = 6
"""Those of the panel that are no running trial's: four on the sweep, the column names, how many trials find no room."""
MOST_RUNNING_SHOWN = 8
VALUE_COLUMNS = 8
"""The longest value of three digits: 1.23e-05."""


@dataclass(frozen=True)
class TrialProgress:
    """One trial as it stands; its score is the objective at its best epoch so far."""

    number: int
    config: Mapping[str, Any]
    epochs: int
    score: float | None
    violates: bool = False
    """Whether that epoch violates a constraint."""


@dataclass(frozen=True)
class SweepProgress:
    """All that the panel shows of a sweep."""

    elapsed_s: float
    done: int
    failed: int
    waiting: int
    """Trials that were handed out and for which no node has room yet."""
    paused: int
    """Of those that are done: they may go on."""
    num_trials: int
    num_epochs: int
    running: tuple[TrialProgress | None, ...]
    """A trial keeps its index until it ends; None where one is awaited."""
    best: TrialProgress | None
    first: TrialProgress | None
    """The trial with the starting values."""
    gain: float | None
    """The best score over that trial's; positive is better."""
    epochs_per_second: float | None
    seconds_left: float | None
    spent: tuple[str, ...] = ()
    """Of each cap, how much is spent of how much."""


def sentence(sweep: SweepProgress) -> str:
    """Everything but the running trials' own numbers, in one line."""
    parts = [_counts(sweep).plain]
    if sweep.best:
        parts.append(_best(sweep.best))
    if sweep.first:
        parts.append(f"starting values {_score(sweep.first)}")
    parts += [*sweep.spent, *_pace(sweep)]
    return f"[{clock(sweep.elapsed_s)}] {', '.join(parts)}"


def panel(sweep: SweepProgress, height: int) -> Group:
    """As many lines as trials can run at a time, and six: it moves nothing when a trial begins or ends.

    Args:
        height: lines that the terminal has.
    """
    shown = max(1, min(len(sweep.running), MOST_RUNNING_SHOWN, height - OTHER_LINES - 1))
    parts: list[RenderableType] = [_counts(sweep), _overall(sweep), _comparison(sweep), "", _table(sweep, shown)]
    if len(sweep.running) > shown:
        more = sum(trial is not None for trial in sweep.running[shown:])
        parts.append(_line(f"and {more} more" if more else ""))
    return Group(*parts)


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _counts(sweep: SweepProgress) -> Text:
    paused = f" ({sweep.paused} paused)" if sweep.paused else ""
    waiting = f", {sweep.waiting} waiting" if sweep.waiting else ""
    line = _line(f"{sweep.done}/{sweep.num_trials} trials done{paused}, {_running(sweep)} running{waiting}", "bold")
    if sweep.failed:
        line.append(f", {sweep.failed} failed", "bold red")
    return line


def _overall(sweep: SweepProgress) -> Table:
    """How far the sweep is: a running trial counts by its epochs."""
    part_done = sum(trial.epochs / sweep.num_epochs for trial in sweep.running if trial)
    line = Table.grid(Column(no_wrap=True), Column(no_wrap=True), padding=(0, 1))
    bar = ProgressBar(sweep.num_trials, min(sweep.num_trials, sweep.done + part_done), width=BAR_COLUMNS)
    line.add_row(bar, _line(", ".join([clock(sweep.elapsed_s), *sweep.spent, *_pace(sweep)])))
    return line


def _comparison(sweep: SweepProgress) -> Text:
    if not sweep.best:
        return _line("no score yet")
    line = _line(_best(sweep.best), "bold green")
    if sweep.first:
        gain = "" if sweep.gain is None else f", gain {sweep.gain:+.3f}"
        line.append(f", starting values {_score(sweep.first)}{gain}", "not bold default")
    return line


def _table(sweep: SweepProgress, shown: int) -> Table:
    trials = [trial for trial in (*sweep.running, sweep.first, sweep.best) if trial]
    hyperparameters = list(dict.fromkeys(name for trial in trials for name in trial.config))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("trial", justify="right", no_wrap=True, min_width=5)
    for name in hyperparameters:
        table.add_column(name, justify="right", no_wrap=True, min_width=VALUE_COLUMNS)
    table.add_column("epoch", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True, min_width=2 * len(str(sweep.num_epochs)) + 1)
    table.add_column("score", justify="right", no_wrap=True, min_width=6)
    for trial in sweep.running[:shown]:
        if trial is None:
            table.add_row("-")
        else:
            values = [shown_value(trial.config.get(name, "")) for name in hyperparameters]
            bar = ProgressBar(sweep.num_epochs, trial.epochs, width=BAR_COLUMNS // 2)
            table.add_row(str(trial.number), *values, bar, f"{trial.epochs}/{sweep.num_epochs}", _score(trial))
    return table


def _pace(sweep: SweepProgress) -> list[str]:
    parts = []
    if sweep.epochs_per_second:
        decimals = max(0, 1 - math.floor(math.log10(sweep.epochs_per_second)))  # two digits, whole numbers from 10 on
        parts.append(f"{sweep.epochs_per_second:.{decimals}f} epochs/s")
    if sweep.seconds_left is not None:
        parts.append(f"about {clock(sweep.seconds_left)} left")
    return parts


def _running(sweep: SweepProgress) -> int:
    return sum(trial is not None for trial in sweep.running)


def _best(trial: TrialProgress) -> str:
    return f"best {_score(trial)} (trial {trial.number}{', which violates a constraint' if trial.violates else ''})"


def _score(trial: TrialProgress) -> str:
    return "-" if trial.score is None else f"{trial.score:.3f}"


def _line(text: str, style: str = "") -> Text:
    """Cut where the terminal ends: a line that wraps would move what is below."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
