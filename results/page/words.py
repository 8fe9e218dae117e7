"""The report's sentences: what came of sweeps, with its numbers, and how far to trust it."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.findings import Findings
from results.listing.formatting import STARTING_VALUES, counted, interval_words, metric_name, shown_score, shown_setting
from results.record.sweeps import SweepRecord
from trainable import contract


@dataclass(frozen=True)
class Words:
    """Part of a sentence."""

    text: str
    is_number: bool = False
    """Whether it is what the sentence is about."""


@dataclass(frozen=True)
class Card:
    """One number that matters, with what it is."""

    label: str
    value: str
    note: str = ""
    good: bool = False


def headline(findings: Findings) -> list[Words]:
    """The result in one sentence."""
    comparison, winner = findings.comparison, findings.winner
    trials = [trial for record in comparison.records for trial in record.trials]
    if winner is None or winner.score is None:
        if trials and all(trial.failure for trial in trials):
            return [Words("No trial has a score: "), Words(f"{_all(len(trials))} failed", True)]
        return [Words("No trial has a score yet")]
    so_far = "" if all(record.finished for record in comparison.records) else "so far, "
    name, value = metric_name(comparison.metric), Words(f"{winner.score.mean:.3f}", True)
    over_seeds = f", the mean over {counted(winner.score.n, 'seed')}" if findings.is_confirmed else ""
    reaches = f"the best setting reaches {'an' if name[0] in 'aeiou' else 'a'} {name} of "
    start = f"the {STARTING_VALUES}"
    if findings.gain is None:
        if winner is findings.start:
            nothing_better = "Nothing tried beats" if len(comparison.groups) > 1 else "One setting was tried,"
            return _begin([Words(f"{so_far}{nothing_better} {start}: {name} "), value, Words(over_seeds)])
        return _begin([Words(f"{so_far}{reaches}"), value, Words(over_seeds)])
    gained = Words(f"{findings.gain.value:+.3f}", True)
    return _begin([Words(f"{so_far}{reaches}"), value, Words(f"{over_seeds}, "), gained, Words(f" over {start}")])


def _all(trials: int) -> str:
    return "the only one" if trials == 1 else f"all {trials}"


def _begin(words: list[Words]) -> list[Words]:
    """With a capital."""
    first = words[0].text
    return [Words(first[:1].upper() + first[1:]), *words[1:]]


def winner_line(findings: Findings) -> str:
    """Which setting it is, where it was found."""
    winner = findings.winner
    if winner is None:
        return ""
    where = findings.comparison.name_of_setting(winner)
    if len(winner.counted) == 1 and winner.counted[0].best:
        trial = winner.counted[0]
        where += f", at epoch {winner.counted[0].best[contract.EPOCH]} of {len(trial.trial.rows)}"
    return f"{shown_setting(winner.setting)} ({where})"


def trust_line(findings: Findings) -> str:
    """How far the winner's number can be trusted."""
    winner, comparison = findings.winner, findings.comparison
    if winner is None or len([group for group in comparison.groups if group.score]) < 2:
        return ""
    if findings.is_confirmed:
        return (
            f"The score is a mean over {counted(len(winner.counted), 'seed')} that the setting was not chosen by. Its "
            "best epochs were still chosen on the validation data: expect a little less on data that nobody looked at."
        )
    scored = sum(bool(group.score) for group in comparison.groups)
    return (
        f"The winner was picked among {counted(scored, 'setting')} for its score on the validation data, and so was "
        "its best epoch: score and gain are optimistic, and an interval does not know of that choice."
    )


def cards(findings: Findings) -> list[Card]:
    """The numbers that matter."""
    comparison, winner, start = findings.comparison, findings.winner, findings.start
    found = []
    if winner and winner.score:
        name = metric_name(comparison.metric)
        best = (
            f"{comparison.mode} over the epochs" if winner.score.n == 1 else f"over {counted(winner.score.n, 'seed')}"
        )
        found.append(Card(f"best {name}", shown_score(winner.score), f"{comparison.metric}, {best}"))
    if start and start.score and findings.gain:
        gained = findings.gain
        unclear = "" if gained.is_clear or gained.low is None else "not clearly above 0: "
        note = unclear + interval_words(gained)
        found.append(
            Card(f"over the {STARTING_VALUES}", f"{gained.value:+.3f}", note, good=gained.is_clear and gained.value > 0)
        )
    beaten = [baseline for baseline in findings.baselines if baseline.gain.value > 0]
    ahead = [baseline for baseline in findings.baselines if baseline.gain.value <= 0]
    if beaten:
        nearest = min(beaten, key=lambda baseline: baseline.gain.value)
        clearly = nearest.gain.is_clear
        found.append(Card(f"over {nearest.name}", f"{nearest.gain.value:+.3f}", interval_words(nearest.gain), clearly))
    if ahead:
        nearest = max(ahead, key=lambda baseline: baseline.gain.value)
        found.append(
            Card(f"still below {nearest.name}", f"{-nearest.gain.value:.3f}", f"{nearest.name} has {nearest.score:.3f}")
        )
    found.append(_trials_card(comparison.records))
    return found


def status_counts(records: Sequence[SweepRecord]) -> str:
    """How many trials ended how."""
    counts = Counter(trial.status(record.num_epochs) for record in records for trial in record.trials)
    return ", ".join(f"{count:,} {status}" for status, count in counts.most_common())


def _trials_card(records: Sequence[SweepRecord]) -> Card:
    ended = sum(trial.finished for record in records for trial in record.trials)
    planned = sum(max(int(record.settings.get("num_samples", 0)), len(record.trials)) for record in records)
    if ended >= planned:
        return Card("trials", f"{ended:,}", status_counts(records))
    return Card("trials ended", f"{ended:,} of {planned:,}", status_counts(records))


def when(record: SweepRecord) -> str:
    """When the sweep was begun, as people write it; empty where the record does not say."""
    try:
        created = datetime.datetime.strptime(str(record.settings.get("created", "")), "%Y%m%d-%H%M%S")
    except ValueError:
        return ""
    return f"{created.day} {created:%B %Y, %H:%M}"


def how_long(record: SweepRecord) -> str:
    """From the first epoch to the last, and the training in it; empty where the rows do not say."""
    rows = [row for trial in record.trials for row in trial.rows if "timestamp" in row]
    if not rows:
        return ""
    began = min(row["timestamp"] - row.get("time_this_iter_s", 0.0) for row in rows)
    elapsed = max(row["timestamp"] for row in rows) - began
    trained = sum(trial.rows[-1].get("time_total_s", 0.0) for trial in record.trials if trial.rows)
    return f"{duration(elapsed)} from the first epoch to the last, {duration(trained)} of training in all trials"


def duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{value} {unit}" for value, unit in parts if value][:2]
    return " ".join(shown) or "under 1 s"
