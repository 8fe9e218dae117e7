"""How much each hyperparameter decides, as bars."""

from results.analysis.best_quarter import best_quarter
from results.analysis.importance import importance
from results.page.charts.chart import (
    ACCENT,
    FAINT,
    Chart,
    Table,
    label,
    number,
)
from results.page.charts.scored_settings import ScoredSettings


def importance_chart(settings: ScoredSettings) -> list[Chart]:
    """One chart, or none where nothing can be said."""
    comparison = settings.findings.comparison
    found = importance(comparison.observations, comparison.space)
    if not found.shares:
        return []
    quarter = best_quarter(comparison.observations)
    stand_out = ", ".join(found.stand_out)
    beyond = (
        f"Beyond what chance would give: {stand_out} (in colour)."
        if stand_out
        else "None is beyond what chance would give."
    )
    names = list(found.shares)[::-1]
    return [
        Chart(
            name="importance",
            title="What decides",
            reading="How much each hyperparameter decides whether a trial is among the best quarter (PED-ANOVA). "
            f"{beyond} {quarter.sentence}",
            traces=[
                {
                    "type": "bar",
                    "orientation": "h",
                    "x": [number(found.shares[name]) for name in names],
                    "y": [label(name) for name in names],
                    "text": [f"{found.shares[name]:.0%}" for name in names],
                    "textposition": "outside",
                    "cliponaxis": False,
                    "marker": {"color": [ACCENT if name in found.stand_out else FAINT for name in names]},
                    "hovertemplate": "%{y}: %{text}<extra></extra>",
                }
            ],
            layout={
                "xaxis": {"range": [0, 1.08], "visible": False},
                "yaxis": {"type": "category", "automargin": True, "showgrid": False, "ticksuffix": "  "},
                "showlegend": False,
                "bargap": 0.45,
                "margin": {"t": 8, "b": 8},
            },
            table=Table(
                ("hyperparameter", "share", "beyond chance"),
                tuple(
                    (name, f"{share:.0%}", "yes" if name in found.stand_out else "no")
                    for name, share in found.shares.items()
                ),
            ),
            height=24 + 44 * len(names),
            is_wide=True,
        )
    ]
