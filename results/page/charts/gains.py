"""Where the winner stands: its gain over each thing it is compared with, and the seeds behind a confirmed score."""

from collections.abc import Sequence

from results.analysis.comparison import Comparison
from results.analysis.gains import Gain
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import (
    STARTING_VALUES,
    counted,
    interval_words,
    listed,
    metric_name,
    shown_score,
    shown_setting,
)
from results.page.charts.chart import (
    ACCENT,
    CATEGORIES,
    FAINT,
    INK,
    MUTED,
    START,
    WINNER,
    Chart,
    Trace,
    axis,
    label,
)

ROW_HEIGHT = 44


def gain_charts(comparison: Comparison) -> list[Chart]:
    """The winner beside the starting values and the baselines; none where there is nothing to compare it with."""
    compared = [(over.baseline.name, over.baseline.value, over.gain) for over in comparison.baseline_gains]
    if comparison.start and comparison.start.score and comparison.gain:
        compared.append((STARTING_VALUES, comparison.start.score.mean, comparison.gain))
    if not compared:
        return []
    compared.sort(key=lambda one: one[2].value)  # plotly.js draws the first at the bottom
    names, gains = [name for name, _, _ in compared], [gain for _, _, gain in compared]
    return [
        Chart(
            name="gains",
            title="What the winner gains",
            reading=_reading(names, gains),
            traces=[
                {
                    "mode": "markers",
                    "x": [gain.value for gain in gains],
                    "y": [f"{label(name)} <i>{score:.3f}</i>" for name, score, _ in compared],
                    "error_x": {
                        "type": "data",
                        "symmetric": False,
                        "array": [gain.high - gain.value if gain.high is not None else 0.0 for gain in gains],
                        "arrayminus": [gain.value - gain.low if gain.low is not None else 0.0 for gain in gains],
                        "thickness": 2.5,
                        "width": 0,
                        "color": FAINT,
                    },
                    "marker": {"size": 12, "color": [START if name == STARTING_VALUES else ACCENT for name in names]},
                    "text": [interval_words(gain) or "no interval" for gain in gains],
                    "hovertemplate": "%{x:+.3f}<br>%{text}<extra></extra>",
                }
            ],
            layout={
                "xaxis": axis(
                    f"gain in {metric_name(comparison.metric)}",
                    tickformat="+.2~f",
                    zeroline=True,
                    zerolinecolor=INK,
                    zerolinewidth=1.5,
                ),
                "yaxis": CATEGORIES,
                "showlegend": False,
            },
            numbers=[
                ("compared with", "its score", "gain", "interval"),
                *(
                    (name, f"{score:.3f}", f"{gain.value:+.3f}", interval_words(gain) or "-")
                    for name, score, gain in compared[::-1]
                ),
            ],
            height=90 + ROW_HEIGHT * len(compared),
        )
    ]


def seed_charts(comparison: Comparison) -> list[Chart]:
    """Every seed's score of each setting that ran under several, the mean and its interval."""
    repeated = [group for group in comparison.groups if len(group.counted) > 1]
    if not repeated:
        return []
    seeds = max(len(group.counted) for group in repeated)
    return [
        Chart(
            name="seeds",
            title="Under several seeds",
            reading=f"Each small dot is a seed; the large one is the mean of up to {seeds} with its 95 % interval. "
            "Settings whose intervals overlap widely are not told apart by so few seeds.",
            traces=[trace for group in repeated[::-1] for trace in _seeds_and_mean(comparison, group)],
            layout={
                "xaxis": axis(metric_name(comparison.metric)),
                "yaxis": CATEGORIES,
                "showlegend": False,
            },
            numbers=[
                ("setting", "hyperparameters", "seeds", "mean", "each"),
                *(
                    (
                        _name(comparison, group),
                        shown_setting(group.setting),
                        str(group.score.n),
                        shown_score(group.score),
                        ", ".join(f"{trial.score:.3f}" for trial in group.counted),
                    )
                    for group in repeated
                    if group.score
                ),
            ],
            height=90 + ROW_HEIGHT * len(repeated),
            highlight="markers",
        )
    ]


def _name(comparison: Comparison, group: SeedGroup) -> str:
    if group is comparison.winner:
        return "winner"
    return STARTING_VALUES if group is comparison.start else f"setting of {comparison.name_of_setting(group)}"


def _seeds_and_mean(comparison: Comparison, group: SeedGroup) -> list[Trace]:
    assert group.score
    name, colour = _name(comparison, group), INK
    if group is comparison.winner or group is comparison.start:
        colour = WINNER if group is comparison.winner else START
    seeds: Trace = {
        "mode": "markers",
        "x": [trial.score for trial in group.counted],
        "y": [name] * len(group.counted),
        "customdata": [trial.trial.number for trial in group.counted],
        "text": [str(trial.seed) for trial in group.counted],
        "marker": {"color": MUTED, "size": 7, "opacity": 0.6},
        "hovertemplate": "trial %{customdata}, seed %{text}: %{x:.3f}<extra></extra>",
    }
    mean: Trace = {
        "mode": "markers",
        "x": [group.score.mean],
        "y": [name],
        "error_x": {"type": "data", "array": [group.score.half_width], "thickness": 2, "color": colour},
        "marker": {"color": colour, "size": 13},
        "text": [label(shown_setting(group.setting))],
        "hovertemplate": f"{shown_score(group.score)}<br>%{{text}}<extra></extra>",
    }
    return [seeds, mean]


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
