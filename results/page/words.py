"""The report's sentences: what came of sweeps, with its numbers, and how far to trust it."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.comparison import Comparison
from results.analysis.gains import Gain
from results.listing.certainty import interval_on_test_data
from results.listing.formatting import STARTING_VALUES, interval_words, shown_score, shown_setting
from results.listing.objectives import constraint_words, nothing_better
from results.record.sweeps import SweepRecord
from trainable import contract


@dataclass(frozen=True)
class Card:
    """One number that matters, with what it is."""

    label: str
    value: str
    note: str = ""
    good: bool = False


def headline(comparison: Comparison) -> list[str]:
    """The result in one sentence, in pieces: every second one is a number that the sentence is about."""
    winner = comparison.winner
    trials = [trial for record in comparison.records for trial in record.trials]
    if winner is None or winner.score is None:
        if trials and all(trial.failure for trial in trials):
            return ["No trial has a score: ", f"{'the only one' if len(trials) == 1 else f'all {len(trials)}'} failed"]
        return ["No trial has a score yet"]
    name, value = comparison.score_name, f"{winner.score.mean:.3f}"
    an = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    if comparison.excess(winner):
        return [f"No trial satisfies {constraint_words(comparison.objective)}: the nearest has {an} of ", value]
    over_seeds = ""
    if winner.is_confirmed:
        over_seeds = ", under a fresh seed" if winner.score.n == 1 else f", the mean over {winner.score.n} seeds"
    if winner is comparison.start:
        beginning = nothing_better(comparison) if len(comparison.groups) > 1 else "one setting was tried,"
        pieces = [f"{beginning} the {STARTING_VALUES}: {name} ", value, over_seeds]
    else:
        pieces = [f"the best setting reaches {an} of ", value, over_seeds]
    if comparison.gain:
        pieces[-1:] = [f"{over_seeds}, ", f"{comparison.gain.value:+.3f}", f" over the {STARTING_VALUES}"]
    first = pieces[0] if all(record.finished for record in comparison.records) else f"so far, {pieces[0]}"
    return [first[0].upper() + first[1:], *pieces[1:]]


def winner_line(comparison: Comparison) -> str:
    """Which setting it is, where it was found; empty where there is none."""
    winner = comparison.winner
    if winner is None:
        return ""
    where = comparison.name_of_setting(winner)
    first, *others = winner.counted
    if first.best and not others:
        again = f"; under seed {first.seed} trial {first.trial.number}" if winner.trials[0] is not first else ""
        where += f"{again}, at epoch {first.best[contract.EPOCH]} of {len(first.trial.rows)}"
    return f"{shown_setting(winner.setting)} ({where})"


def cards(comparison: Comparison) -> list[Card]:
    """The numbers that matter."""
    winner, gain = comparison.winner, comparison.gain
    found = []
    if winner and winner.score:
        alone = "under a fresh seed" if winner.is_confirmed else f"{comparison.mode} over the epochs"
        over = f"over {winner.score.n} seeds" if winner.score.n > 1 else alone
        name = f"best {comparison.score_name}"
        found.append(Card(name, shown_score(winner.score), f"{comparison.metric}, {over}"))
        found += _test_cards(comparison)
    if gain:
        found.append(_gain_card(f"over the {STARTING_VALUES}", gain))
    if comparison.lead and comparison.runner_up is not comparison.start:
        found.append(_gain_card("over the runner-up", comparison.lead))
    if winner and winner.as_searched.score and round(comparison.flattery or 0.0, 3) > 0:
        note = f"by which the search saw {winner.as_searched.score.mean:.3f} of it, and chose it"
        found.append(Card("flattered by one seed", f"{comparison.flattery:.3f}", note))
    beaten = [baseline for baseline in comparison.baseline_gains if baseline.gain.value > 0]
    ahead = [baseline for baseline in comparison.baseline_gains if baseline.gain.value <= 0]
    if beaten:
        near = min(beaten, key=lambda baseline: baseline.gain.value)
        value, is_clear = f"{near.gain.value:+.3f}", near.gain.is_clear
        found.append(Card(f"over {near.baseline.name}", value, interval_words(near.gain), is_clear))
    if ahead:
        near = max(ahead, key=lambda baseline: baseline.gain.value)
        name, note = near.baseline.name, f"{near.baseline.name} has {near.baseline.value:.3f}"
        found.append(Card(f"still below {name}", f"{-near.gain.value:.3f}", note))
    return [*found, _trials_card(comparison.records)]


def _gain_card(label: str, gain: Gain) -> Card:
    unclear = "" if gain.is_clear or gain.low is None else "not clearly above 0: "
    return Card(label, f"{gain.value:+.3f}", unclear + interval_words(gain), gain.is_clear and gain.value > 0)


def _test_cards(comparison: Comparison) -> list[Card]:
    """The winner on data that no trial has seen, where that was judged."""
    on_test = comparison.on_test_data
    if on_test is None or on_test.judged is None or comparison.metric not in on_test.judged.metrics:
        return []
    value = f"{on_test.judged.metrics[comparison.metric]:.3f}"
    return [Card("on test data", value, "which no trial has seen" + interval_on_test_data(comparison))]


def status_counts(records: Sequence[SweepRecord]) -> str:
    """How many trials ended how."""
    counts = Counter(trial.status(record.num_epochs) for record in records for trial in record.trials)
    return ", ".join(f"{count:,} {status}" for status, count in counts.most_common())


def _trials_card(records: Sequence[SweepRecord]) -> Card:
    ended = sum(not trial.is_open for record in records for trial in record.trials)
    planned = sum(
        max(record.num_samples, record.num_proposals) + len(record.replicate_numbers) - len(record.missing)
        for record in records
    )
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
    return f"{_duration(elapsed)} from the first epoch to the last, {_duration(trained)} of training in all trials"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{value} {unit}" for value, unit in parts if value][:2]
    return " ".join(shown) or "under 1 s"
