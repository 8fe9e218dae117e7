"""Where the winner stands: its gain over each thing it is compared with, and the seeds behind a confirmed score."""

from results.analysis.findings import Findings, Gain
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
    FAINT,
    INK,
    MUTED,
    START,
    WINNER,
    Chart,
    Table,
    Trace,
    axis,
    label,
    number,
)

ROW_HEIGHT = 44


def gain_charts(findings: Findings) -> list[Chart]:
    """The winner beside the starting values and the baselines; none where there is nothing to compare it with."""
    winner, start = findings.winner, findings.start
    compared = [(baseline.name, baseline.score, baseline.gain) for baseline in findings.baselines]
    if start and start.score and findings.gain:
        compared.append((STARTING_VALUES, start.score.mean, findings.gain))
    if winner is None or winner.score is None or not compared:
        return []
    compared.sort(key=lambda one: one[2].value)  # plotly.js draws the first at the bottom
    names = [f"{label(name)} <i>{score:.3f}</i>" for name, score, _ in compared]
    return [
        Chart(
            name="gains",
            title="What the winner gains",
            reading=_reading(compared),
            traces=[
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [number(gain.value) for _, _, gain in compared],
                    "y": names,
                    "error_x": {
                        "type": "data",
                        "symmetric": False,
                        "array": [_reach(gain, gain.high) for _, _, gain in compared],
                        "arrayminus": [_reach(gain, gain.low) for _, _, gain in compared],
                        "thickness": 2.5,
                        "width": 0,
                        "color": FAINT,
                    },
                    "marker": {
                        "size": 12,
                        "color": [START if name == STARTING_VALUES else ACCENT for name, _, _ in compared],
                    },
                    "text": [interval_words(gain) or "no interval" for _, _, gain in compared],
                    "hovertemplate": "%{x:+.3f}<br>%{text}<extra></extra>",
                }
            ],
            layout={
                "xaxis": axis(
                    f"gain in {metric_name(findings.comparison.metric)}",
                    tickformat="+.2~f",
                    zeroline=True,
                    zerolinecolor=INK,
                    zerolinewidth=1.5,
                ),
                "yaxis": {"type": "category", "showgrid": False, "automargin": True},
                "showlegend": False,
            },
            table=Table(
                ("compared with", "its score", "gain", "interval"),
                tuple((name, f"{s:.3f}", f"{g.value:+.3f}", interval_words(g) or "-") for name, s, g in compared[::-1]),
            ),
            height=90 + ROW_HEIGHT * len(compared),
        )
    ]


def seed_charts(findings: Findings) -> list[Chart]:
    """Every seed's score of each setting that ran under several, the mean and its interval."""
    repeated = [group for group in findings.comparison.groups if len(group.counted) > 1 and group.score]
    if not repeated:
        return []
    names = {id(group): _name(findings, group) for group in repeated}
    seeds = max(len(group.counted) for group in repeated)
    return [
        Chart(
            name="seeds",
            title="Under several seeds",
            reading=f"Each small dot is a seed; the large one is the mean of up to {seeds} with its 95 % interval. "
            "Settings whose intervals overlap widely are not told apart by so few seeds.",
            traces=[_seeds(repeated, names), *(_mean(findings, group, names[id(group)]) for group in repeated[::-1])],
            layout={
                "xaxis": axis(metric_name(findings.comparison.metric)),
                "yaxis": {
                    "type": "category",
                    "showgrid": False,
                    "automargin": True,
                    "categoryarray": [names[id(group)] for group in repeated[::-1]],
                },
                "showlegend": False,
            },
            table=Table(
                ("setting", "hyperparameters", "seeds", "mean", "each"),
                tuple(
                    (
                        names[id(group)],
                        shown_setting(group.setting),
                        str(len(group.counted)),
                        shown_score(group.score),
                        ", ".join(f"{trial.score:.3f}" for trial in group.counted),
                    )
                    for group in repeated
                    if group.score
                ),
            ),
            height=90 + ROW_HEIGHT * len(repeated),
            highlight="markers",
        )
    ]


def _name(findings: Findings, group: SeedGroup) -> str:
    if group is findings.winner:
        return "winner"
    return STARTING_VALUES if group is findings.start else f"setting of {findings.comparison.name_of_setting(group)}"


def _seeds(repeated: list[SeedGroup], names: dict[int, str]) -> Trace:
    trials = [(group, trial) for group in repeated for trial in group.counted]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [number(trial.score) for _, trial in trials],
        "y": [names[id(group)] for group, _ in trials],
        "customdata": [trial.trial.number for _, trial in trials],
        "text": [str(trial.seed) for _, trial in trials],
        "marker": {"color": MUTED, "size": 7, "opacity": 0.6},
        "hovertemplate": "trial %{customdata}, seed %{text}: %{x:.3f}<extra></extra>",
    }


def _mean(findings: Findings, group: SeedGroup, name: str) -> Trace:
    assert group.score
    colour = {id(findings.winner): WINNER, id(findings.start): START}.get(id(group), INK)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [number(group.score.mean)],
        "y": [name],
        "error_x": {"type": "data", "array": [number(group.score.half_width)], "thickness": 2, "color": colour},
        "marker": {"color": colour, "size": 13},
        "text": [shown_setting(group.setting)],
        "hovertemplate": f"{shown_score(group.score)}<br>%{{text}}<extra></extra>",
    }


def _reach(gain: Gain, end: float | None) -> float:
    return abs(end - gain.value) if end is not None else 0.0


def _reading(compared: list[tuple[str, float, Gain]]) -> str:
    """What is clearly beaten, what is not, and what the interval means."""
    with_interval = [(name, gain) for name, _, gain in compared if gain.low is not None]
    beaten = [name for name, gain in with_interval if gain.is_clear and gain.value > 0]
    unclear = [name for name, gain in with_interval if not gain.is_clear]
    ahead = [name for name, _, gain in compared if gain.value < 0]
    told = ["Right of the line the winner is better; the bar is the 95 % interval."] if with_interval else []
    if beaten:
        told.append(f"It is clearly better than {listed(beaten[::-1])}.")
    if unclear:
        told.append(f"It does not differ clearly from {listed(unclear[::-1], 'or')}.")
    if ahead:
        told.append(f"Better than it: {listed(ahead)}, which shows what is left to gain.")
    units = {(gain.drawn, gain.resampled) for _, gain in with_interval}
    if units:
        told.append(f"Intervals are over {listed([counted(n, unit) for n, unit in sorted(units)])}, paired.")
    return " ".join(told)
