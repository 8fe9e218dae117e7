"""What one run of a way took, beside the training itself."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from processes import Usage

from orchestrated.trainings import Note
from orchestrated.ways import OURS, STOCK, WAYS, Way


@dataclass(frozen=True)
class Figures:
    """Seconds, and memory in MB."""

    way: str
    beyond_training: float
    """A trial, of its place among those that run at a time: all that is not training, start and end included."""
    further_trial: float
    """The same between the first epoch's end and the last one's: what one trial more would take."""
    first_result: float
    """From the command's start to the first epoch's end."""
    after_last: float
    """From the last epoch's end to the command's."""
    wall: float
    ideal: float
    """The trainings' CPU seconds, spread over the cores."""
    cpu: float
    """Of all processes."""
    training_cpu: float
    memory_mb: float
    processes: int


def figures_of(way: Way, usage: Usage, notes: Sequence[Note], trials: int, slots: int, cores: int) -> Figures:
    """
    Args:
        notes: of all epochs.
        slots: how many trials may run at a time.
    """
    if way.takes_turns:
        slots = 1
    training, training_cpu = sum(note.seconds for note in notes), sum(note.cpu_seconds for note in notes)
    ends = [note.began_at + note.seconds for note in notes]
    first, last = min(ends), max(ends)
    between = sum(min(note.seconds, max(0.0, end - first)) for note, end in zip(notes, ends, strict=True))
    return Figures(
        way.name,
        (usage.seconds * slots - training) / trials,
        ((last - first) * slots - between) / trials,
        first - usage.began_at,
        usage.began_at + usage.seconds - last,
        usage.seconds,
        training_cpu / cores,
        usage.cpu_seconds,
        training_cpu,
        usage.memory_mb,
        usage.most_processes,
    )


ROWS: dict[str, Callable[[Figures], float]] = {
    "seconds a trial beyond its training": lambda one: one.beyond_training,
    "... of a further trial": lambda one: one.further_trial,
    "wall / ideal": lambda one: one.wall / one.ideal,
    "wall (s)": lambda one: one.wall,
    "first result after (s)": lambda one: one.first_result,
    "from the last result to the end (s)": lambda one: one.after_last,
    "CPU beside the training (s)": lambda one: one.cpu - one.training_cpu,
    "CPU of all processes (s)": lambda one: one.cpu,
    "most memory, PSS (MB)": lambda one: one.memory_mb,
    "most processes": lambda one: one.processes,
}


def tables(measured: Sequence[Figures]) -> str:
    """Ratios first: of each way's figures to ours, by round, their median; then the figures, median and range."""
    by_way = {way: [one for one in measured if one.way == way.name] for way in WAYS}
    by_way = {way: ones for way, ones in by_way.items() if ones}
    head = [f"| | {' | '.join(way.title for way in by_way)} |", f"| --- |{' --- |' * len(by_way)}"]
    compared = [title for title in ROWS if title != "wall / ideal"]
    ratios = [
        f"| {title} | {' | '.join(_ratio(ROWS[title], ones, by_way.get(OURS, [])) for ones in by_way.values())} |"
        for title in compared
    ]
    plain = [
        f"| {title} | {' | '.join(_in_words([row(one) for one in ones]) for ones in by_way.values())} |"
        for title, row in ROWS.items()
    ]
    return "\n".join(
        ["Times ours:", "", *head, *ratios, "", "Median of the rounds (least to most):", "", *head, *plain]
    )


def _ratio(row: Callable[[Figures], float], ones: Sequence[Figures], ours: Sequence[Figures]) -> str:
    if len(ones) != len(ours):
        return ""
    return f"{median(row(one) / row(our) for one, our in zip(ones, ours, strict=True)):.3g}"


def _in_words(values: Sequence[float]) -> str:
    digits = 0 if median(values) >= 100 or all(isinstance(value, int) for value in values) else 2
    shown = [f"{value:,.{digits}f}" for value in (median(values), min(values), max(values))]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]} to {shown[2]})"


def verdict(measured: Sequence[Figures]) -> str:
    """Whether the aims are met."""
    ours, stock = ([one for one in measured if one.way == way.name] for way in (OURS, STOCK))
    if not ours or len(ours) != len(stock):
        return ""
    share = median(one.beyond_training / other.beyond_training for one, other in zip(ours, stock, strict=True))
    of_further = median(one.further_trial / other.further_trial for one, other in zip(ours, stock, strict=True))
    aims = [
        ("of stock's seconds a trial, at most 1/30", f"1/{1 / share:.3g}", share <= 1 / 30),
        ("of stock's seconds a further trial, at most 1/30", f"1/{1 / of_further:.3g}", of_further <= 1 / 30),
        *(
            (aim, f"{value:.3g}", value <= most)
            for aim, value, most in (
                ("a further trial, at most 0.1 s", median(one.further_trial for one in ours), 0.1),
                ("first result, at most 8 s", median(one.first_result for one in ours), 8),
                ("wall / ideal, at most 1.1", median(one.wall / one.ideal for one in ours), 1.1),
            )
        ),
    ]
    lines = [f"| {aim} | {value} | {'met' if is_met else 'missed'} |" for aim, value, is_met in aims]
    return "\n".join(["| aim | here | |", "| --- | --- | --- |", *lines])


def write(measured: Sequence[Figures], file: Path) -> None:
    """A line each."""
    file.write_text("".join(json.dumps(asdict(one)) + "\n" for one in measured), encoding="utf-8")


def read(file: Path) -> list[Figures]:
    return [Figures(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
