"""Where the winner stands: its gain over each thing it is compared with, and the seeds behind a confirmed score."""

from collections.abc import Sequence

from results.analysis.comparison import Comparison
from results.analysis.gains import Gain
from results.analysis.seed_groups import Estimate, JudgedTrial, SeedGroup
from results.listing.formatting import (
    STARTING_VALUES,
    counted,
    interval_words,
    listed,
    shown_score,
    shown_setting,
)
from results.page.charts.chart import CATEGORIES, Chart, Colour, Numbers, Trace, axis, label

_LINES: dict[str, Trace] = {
    "circle": {"color": Colour.SURFACE, "width": 1},
    "x-thin": {"color": Colour.MUTED, "width": 2},  # of a thin cross, plotly.js draws nothing but the line
}


def gain_charts(comparison: Comparison) -> list[Chart]:
    """The winner beside the starting values and the baselines; none where there is nothing to compare it with."""
    compared = [(over.baseline.name, over.baseline.value, over.gain) for over in comparison.baseline_gains]
    if comparison.start and comparison.start.score and comparison.gain:
        compared.append((STARTING_VALUES, comparison.start.score.mean, comparison.gain))
    if not compared:
        return []
    compared.sort(key=lambda one: one[2].value)  # plotly.js draws the first at the bottom
    names, gains = [name for name, _, _ in compared], [gain for _, _, gain in compared]
    means = _means(
        rows=[f"{label(name)} <i>{score:.3f}</i>" for name, score, _ in compared],
        values=[gain.value for gain in gains],
        below=[gain.value - gain.low if gain.low is not None else 0.0 for gain in gains],
        above=[gain.high - gain.value if gain.high is not None else 0.0 for gain in gains],
        colours=[Colour.START if name == STARTING_VALUES else Colour.ACCENT for name in names],
        texts=[f"{gain.value:+.3f}<br>{interval_words(gain) or 'no interval'}" for gain in gains],
    )
    zero = {"tickformat": "+.2~f", "zeroline": True, "zerolinecolor": Colour.INK, "zerolinewidth": 1.5}
    numbers: list[tuple[str, ...]] = [("compared with", "its score", "gain", "interval")]
    for name, score, gain in reversed(compared):
        numbers.append((name, f"{score:.3f}", f"{gain.value:+.3f}", interval_words(gain) or "-"))
    xaxis = axis(f"gain in {comparison.score_name}", **zero)
    return [_chart("gains", "What the winner gains", _reading(names, gains), [means], xaxis, numbers)]


def seed_charts(comparison: Comparison) -> list[Chart]:
    """Of each setting that ran under several seeds or under a fresh one every seed's score, the mean and its interval,
    and beside fresh ones what the search saw."""
    repeated = [
        (group, group.score)
        for group in comparison.groups
        if group.score and (len(group.counted) > 1 or group.is_confirmed)
    ]
    if not repeated:
        return []
    numbers: list[tuple[str, ...]] = [("setting", "hyperparameters", "seeds", "mean", "each", "search")]
    for group, score in repeated:
        each = ", ".join(f"{trial.score:.3f}" for trial in group.counted)
        searched = group.as_searched.score if group.is_confirmed and group.as_searched.trials != group.trials else None
        numbers.append(
            (
                _name(comparison, group),
                shown_setting(group.setting),
                str(score.n),
                shown_score(score),
                each,
                f"{searched.mean:.3f}" if searched else "-",
            )
        )
    repeated.reverse()
    fresh = [(_name(comparison, group), trial) for group, _ in repeated for trial in group.counted]
    chose = [
        (_name(comparison, group), trial)
        for group, _ in repeated
        for trial in (group.as_searched.counted if group.is_confirmed else ())
        if not trial.is_fresh
    ]
    colours = {id(comparison.start): Colour.START, id(comparison.winner): Colour.WINNER}
    reaches = [score.half_width or 0.0 for _, score in repeated]
    means = _means(
        rows=[_name(comparison, group) for group, _ in repeated],
        values=[score.mean for _, score in repeated],
        below=reaches,
        above=reaches,
        colours=[colours.get(id(group), Colour.INK) for group, _ in repeated],
        texts=[f"{mean}<br>{label(setting)}" for _, setting, _, mean, *_ in reversed(numbers[1:])],
    )
    traces = [_each(fresh, "circle"), means] + ([_each(chose, "x-thin")] if chose else [])
    title = "Under fresh seeds" if chose else "Under several seeds"
    return [_chart("seeds", title, _seeds_reading(repeated, bool(chose)), traces, axis(comparison.score_name), numbers)]


def _each(trials: Sequence[tuple[str, JudgedTrial]], symbol: str) -> Trace:
    """A small mark for each trial, in its row."""
    return {
        "mode": "markers",
        "x": [trial.score for _, trial in trials],
        "y": [name for name, _ in trials],
        "customdata": [trial.trial.number for _, trial in trials],
        "text": [str(trial.seed) for _, trial in trials],
        "marker": {"symbol": symbol, "color": Colour.MUTED, "size": 7, "line": _LINES[symbol]},
        "hovertemplate": "trial %{customdata}, seed %{text}: %{x:.3f}<extra></extra>",
    }


def _seeds_reading(repeated: Sequence[tuple[SeedGroup, Estimate]], has_chosen: bool) -> str:
    most = max(score.n for _, score in repeated)
    sentences = []
    if most > 1:
        sentences.append(
            f"Each small dot is a seed; the large one is the mean of up to {most} with its 95 % interval. Settings "
            "whose intervals overlap widely are not told apart by so few seeds."
        )
    else:
        sentences.append("A dot is the one fresh seed of a setting, which has no interval over seeds.")
    if has_chosen:
        sentences.append(
            "A cross is what the search saw, which chose the setting: where it is better than the dot, it flattered."
        )
    return " ".join(sentences)


def _chart(
    name: str, title: str, reading: str, traces: Sequence[Trace], xaxis: dict[str, object], numbers: Numbers
) -> Chart:
    """A row for each thing that is compared."""
    return Chart(
        name=name,
        title=title,
        reading=reading,
        traces=traces,
        layout={"xaxis": xaxis, "yaxis": CATEGORIES, "showlegend": False},
        numbers=numbers,
        height=90 + 44 * (len(numbers) - 1),
        highlight="markers",
    )


def _means(
    rows: Sequence[str],
    values: Sequence[float],
    below: Sequence[float],
    above: Sequence[float],
    colours: Sequence[str],
    texts: Sequence[str],
) -> Trace:
    """Large dots with their 95 % intervals, which reach so far below and above them."""
    reach = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    return {
        "mode": "markers",
        "x": values,
        "y": rows,
        "error_x": {**reach, "thickness": 2.5, "width": 0, "color": Colour.FAINT},
        "marker": {"size": 12, "color": colours},
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _name(comparison: Comparison, group: SeedGroup) -> str:
    if group is comparison.winner:
        return "winner"
    return STARTING_VALUES if group is comparison.start else f"setting of {comparison.name_of_setting(group)}"


def _reading(names: Sequence[str], gains: Sequence[Gain]) -> str:
    """What is clearly beaten, what is not, and what the interval means; gains come from the least to the most."""
    compared = list(zip(names, gains, strict=True))
    with_interval = [(name, gain) for name, gain in compared if gain.low is not None]
    beaten = [name for name, gain in with_interval if gain.is_clear and gain.value > 0]
    unclear = [name for name, gain in with_interval if not gain.is_clear]
    ahead = [name for name, gain in compared if gain.value < 0]
    units = sorted({(gain.drawn, gain.resampled) for _, gain in with_interval})
    sentences = (
        (with_interval, "Right of the line the winner is better; the bar is the 95 % interval."),
        (beaten, f"It is clearly better than {listed(beaten[::-1])}."),
        (unclear, f"It does not differ clearly from {listed(unclear[::-1], 'or')}."),
        (ahead, f"Better than it: {listed(ahead)}, which shows what is left to gain."),
        (units, f"Intervals are over {listed([counted(drawn, unit) for drawn, unit in units])}, paired."),
    )
    return " ".join(sentence for applies, sentence in sentences if applies)
