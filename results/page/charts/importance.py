"""How much each hyperparameter decides, as bars."""

from results.analysis.comparison import Comparison
from results.listing.formatting import drawn_words, stand_out_words
from results.page.charts.chart import CATEGORIES, Chart, Colour, label


def importance_charts(comparison: Comparison) -> list[Chart]:
    """One chart, or none where nothing can be said."""
    found = comparison.importance
    if not found.shares:
        return []
    stand_out = [hyperparameter.name for hyperparameter in found.stand_out]
    beyond = (
        f"Beyond what chance would give, in colour: {stand_out_words(found)}."
        if stand_out
        else "None is beyond what chance would give."
    )
    names = list(found.shares)[::-1]  # plotly.js draws the first at the bottom
    return [
        Chart(
            name="importance",
            title="What decides",
            reading="How much each hyperparameter decides whether a trial is among the best quarter "
            f"(PED-ANOVA{drawn_words(found)}). {beyond}",
            traces=[
                {
                    "type": "bar",
                    "orientation": "h",
                    "x": [found.shares[name] for name in names],
                    "y": [label(name) for name in names],
                    "texttemplate": "%{x:.0%}",
                    "textposition": "outside",
                    "cliponaxis": False,
                    "marker": {"color": [Colour.ACCENT if name in stand_out else Colour.FAINT for name in names]},
                    "hovertemplate": "%{y}: %{x:.0%}<extra></extra>",
                }
            ],
            layout={
                "xaxis": {"range": [0, 1.08], "visible": False},
                "yaxis": {**CATEGORIES, "ticksuffix": "  "},
                "showlegend": False,
                "bargap": 0.45,
                "margin": {"t": 8, "b": 8},
            },
            numbers=[
                ("hyperparameter", "share", "beyond chance"),
                *((name, f"{share:.0%}", "yes" if name in stand_out else "no") for name, share in found.shares.items()),
            ],
            height=24 + 44 * len(names),
            is_wide=True,
        )
    ]
