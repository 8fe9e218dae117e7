"""What came of sweeps in sentences, each with how sure it is: what a winner gains, over what, and what chose it."""

from results.analysis.comparison import Comparison
from results.analysis.gains import Gain
from results.analysis.seed_groups import has_single_seeds, shows_evidence
from results.listing.formatting import STARTING_VALUES, counted, interval_words, listed, shown_score, shown_setting
from results.listing.objectives import nothing_better, other_values
from trainable.score_parts import interval

FRESH, SEARCHED = "fresh seed", "search"
"""What a setting's score is of: seeds that it was not chosen by, or the search's own, by which it was."""


def gain_lines(comparison: Comparison) -> list[str]:
    """The winner beside the starting values, the runner-up, what the search saw of it, test data and the baselines."""
    winner = comparison.winner
    if winner is None or winner.score is None:
        return ["No trial has a score yet."]
    values = [f"{comparison.metric} {shown_score(winner.score)}", *other_values(comparison, winner)]
    lines = [
        f"Best: {comparison.name_of_setting(winner)}, {', '.join(values)}{_under_seeds(comparison)} "
        f"({shown_setting(winner.setting)})",
        *_start_lines(comparison),
        *_runner_up_lines(comparison),
        *_flattery_lines(comparison),
    ]
    if on_test := words_of_test_data(comparison):
        lines.append(on_test)
    return [*lines, *_baseline_lines(comparison)]


def ranking_lines(comparison: Comparison) -> list[str]:
    """What the order of a table is, and its gains, where settings ran again under fresh seeds."""
    lines = []
    if shows_evidence(comparison.groups):
        lines.append(
            f"evidence: what ran again under a {FRESH} comes first, by the score there, which chose nothing; the rest "
            f"follows by the {SEARCHED}'s score, which flatters the best"
        )
    if has_single_seeds(comparison.groups):
        gains = [gain for group in comparison.groups if (gain := comparison.gain_of(group))]
        units = listed(list(dict.fromkeys(counted(gain.drawn, gain.resampled) for gain in gains if gain.resampled)))
        paired = f", with its paired 95 % interval over {units}" if units else ""
        lines.append(f"one seed has no interval over seeds; gain: over the {STARTING_VALUES}{paired}")
    return lines


def trust_line(comparison: Comparison) -> str:
    """How far the winner's number can be trusted; empty where it was not chosen among several."""
    winner, scored = comparison.winner, sum(bool(group.score) for group in comparison.groups)
    if winner is None or scored < 2:
        return ""
    if not winner.is_confirmed:
        return (
            f"The winner was picked among {counted(scored, 'setting')} for its score on the validation data, and so "
            "was its best epoch: score and gain are optimistic, and an interval does not know of that choice."
        )
    epochs = "still chosen on the validation data: expect a little less on data that nobody looked at."
    if len(winner.counted) > 1:
        seeds = counted(len(winner.counted), "seed")
        return f"The score is a mean over {seeds} that the setting was not chosen by. Its best epochs were {epochs}"
    return (
        "The score is of one seed that the setting was not chosen by: how much another seed would change is not known. "
        f"Its best epoch was {epochs}"
    )


def verdict(gain: Gain) -> str:
    """Whether the interval of a gain tells two settings apart; empty without one."""
    if gain.low is None:
        return ""
    if not gain.is_clear:
        return "not told apart"
    return "clearly better" if gain.value > 0 else "clearly worse"


def words_of_test_data(comparison: Comparison) -> str:
    """What the winner's checkpoint achieves on test data, and the baselines there; empty where that is not known."""
    on_test = comparison.on_test_data
    if on_test is None or on_test.judged is None or comparison.metric not in on_test.judged.metrics:
        return ""
    judged = on_test.judged
    whose = f"trial {on_test.trial} after epoch {on_test.epoch}{interval_on_test_data(comparison)}"
    is_objective = comparison.metric == comparison.records[0].data["objective"]
    baselines = [f"{baseline.name} {baseline.value:.3f}" for baseline in judged.baselines if is_objective]
    there = f"; there {', '.join(baselines)}" if baselines else ""
    return f"On test data, which no trial has seen: {judged.metrics[comparison.metric]:.3f} ({whose}){there}"


def interval_on_test_data(comparison: Comparison) -> str:
    """The 95 % interval of the winner's score there, to follow other words; empty where it has none."""
    on_test = comparison.on_test_data
    parts = on_test.judged.parts if on_test and on_test.judged else None
    if parts is None or comparison.metric != comparison.records[0].data["objective"]:
        return ""
    low, high = interval(parts)
    return f"; 95 % interval {low:.3f} to {high:.3f} over {counted(len(parts.sums), parts.unit)}"


def _under_seeds(comparison: Comparison) -> str:
    winner = comparison.winner
    assert winner
    if len(winner.counted) > 1:
        return f" over {len(winner.counted)} seeds"
    return " under one fresh seed" if winner.is_confirmed else ""


def _start_lines(comparison: Comparison) -> list[str]:
    winner, start, gain = comparison.winner, comparison.start, comparison.gain
    assert winner
    if winner is start:
        return (
            [f"{nothing_better(comparison).capitalize()} the {STARTING_VALUES}."] if len(comparison.groups) > 1 else []
        )
    if not (start and start.score and gain and winner.score):
        return []
    unlike = "" if start.is_confirmed == winner.is_confirmed else f"; {start.score.mean:.3f} is what the search saw"
    line = (
        f"Gain over the {STARTING_VALUES}: {gain.value:+.3f} ({start.score.mean:.3f} -> {winner.score.mean:.3f})"
        f"{_how_sure(gain)}{unlike}"
    )
    violates = [f"the {STARTING_VALUES} violate a constraint"] if comparison.excess(start) else []
    return ["; ".join([line, *other_values(comparison, start, winner), *violates])]


def _runner_up_lines(comparison: Comparison) -> list[str]:
    runner_up, lead = comparison.runner_up, comparison.lead
    if runner_up is None or runner_up.score is None or lead is None or runner_up is comparison.start:
        return []
    name = comparison.name_of_setting(runner_up)
    return [f"Lead over the runner-up, {name} ({runner_up.score.mean:.3f}): {lead.value:+.3f}{_how_sure(lead)}"]


def _how_sure(gain: Gain) -> str:
    interval = interval_words(gain)
    return f", {interval}: {verdict(gain)}" if interval else ""


def _flattery_lines(comparison: Comparison) -> list[str]:
    """What the search saw of a winner that was confirmed since."""
    winner, flattery = comparison.winner, comparison.flattery
    assert winner
    searched = winner.as_searched
    if not winner.is_confirmed or searched.score is None or searched.counted[0].is_fresh:
        return []
    if flattery is None:
        trial = searched.counted[0]
        epochs = counted(len(trial.trial.rows), "epoch")
        return [f"The search saw {searched.score.mean:.3f} of it, in {epochs} of {trial.sweep.num_epochs}"]
    if round(flattery, 3) <= 0:
        return [f"The search saw {searched.score.mean:.3f} of it: the seed that chose it did not flatter it"]
    return [f"The search saw {searched.score.mean:.3f} of it: the seed that chose it flattered it by {flattery:.3f}"]


def _baseline_lines(comparison: Comparison) -> list[str]:
    lines = ["Baselines (95 % interval):"] if comparison.baseline_gains else []
    width = max((len(over.baseline.name) for over in comparison.baseline_gains), default=0)
    for over in comparison.baseline_gains:
        baseline, gain = over.baseline, over.gain
        interval = "" if gain.low is None or gain.high is None else f"  ({gain.low:+.3f} to {gain.high:+.3f})"
        lines.append(
            f"  {baseline.name:<{width}}  {baseline.value:.3f}  ({baseline.low:.3f} to {baseline.high:.3f})"
            f"   best trial {gain.value:+.3f}{interval}"
        )
    return lines
