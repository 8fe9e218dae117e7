"""The settings of a sweep that have a score, as the charts of what was searched draw them."""

from dataclasses import dataclass
from typing import Any

from results.analysis.comparison import Comparison
from results.analysis.hyperparameters import Hyperparameter, varied_hyperparameters
from results.analysis.seed_groups import SeedGroup, ranked
from results.listing.formatting import STARTING_VALUES
from results.page.charts.thinning import MOST_SETTINGS, thinned, thinned_words
from trainable.contract import TrialStatus

FEWEST = 3
"""Below it, there is nothing to see in a space."""
BEST, RAN_IN_FULL, ENDED_EARLY = "winner", "all epochs", "fewer epochs"


@dataclass(frozen=True)
class ScoredSetting:
    """One dot or line."""

    trial: int
    """The first that ran it."""
    score: float
    kind: str
    """BEST, STARTING_VALUES, RAN_IN_FULL or ENDED_EARLY."""


def scored_settings(comparison: Comparison) -> tuple[list[ScoredSetting], list[Hyperparameter]]:
    """The settings, worst first and the winner on top of all, and what varied among them, by the same indices.

    Each has the score that the search saw: beside it, one under fresh seeds would stand too low. Of thousands these are
    `thinned` ones. Both are empty where there are too few, or nothing varied.
    """
    winner, start = (group and group.as_searched for group in (comparison.winner, comparison.start))
    shown = thinned(_scored(comparison), MOST_SETTINGS)
    there = {id(group) for group in shown}
    shown += [group for group in (start, winner) if group and group.score and id(group) not in there]
    settings, values = [], []
    shown.reverse()
    for group in sorted(shown, key=lambda group: group is winner):
        assert group.score is not None
        kind = RAN_IN_FULL if group.counted[0].status is TrialStatus.COMPLETED else ENDED_EARLY
        if group is winner or group is start:
            kind = BEST if group is winner else STARTING_VALUES
        settings.append(ScoredSetting(group.trials[0].trial.number, group.score.mean, kind))
        values.append(group.setting)
    varied = varied_hyperparameters(values, comparison.space)
    return (settings, varied) if len(settings) >= FEWEST and varied else ([], [])


def thinned_settings(comparison: Comparison) -> str:
    """What `scored_settings` leaves out, as a sentence."""
    return thinned_words(len(_scored(comparison)), MOST_SETTINGS, "settings")


def _scored(comparison: Comparison) -> list[SeedGroup]:
    """As the search saw them, the best first."""
    best_first = ranked((group.as_searched for group in comparison.groups), comparison.objective)
    return [group for group in best_first if group.score]


def axis_type(hyperparameter: Hyperparameter) -> dict[str, Any]:
    """How plotly.js lays out an axis of its values: with few ticks, so that most are powers of ten on a log scale."""
    if hyperparameter.is_choice:
        return {"type": "category"}
    return {"type": "log", "nticks": 4} if hyperparameter.is_log else {"type": "linear", "nticks": 5}
