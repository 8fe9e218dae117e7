"""Whether luck is as large in a landscape as in the recorded curves, without any model of the latter.

Of `k` settings, each trained under one seed, the best score is taken, as a search does. By how much it flatters its
setting is told by the setting's other seeds, or by the landscape's true quality.
"""

from dataclasses import dataclass

import numpy as np

from search.landscape import Landscape
from search.recording import BY_PRODUCT

SEEDS = 4
"""Of the settings that are looked at: those that were recorded under so many."""
DRAWS = 4_000


@dataclass(frozen=True)
class Flattery:
    """By how much the best score of so many settings is above what its setting scores on average."""

    settings: int
    recorded: float
    in_landscape: float


def flattery(landscape: Landscape, of_settings: tuple[int, ...]) -> list[Flattery]:
    """For the best of some of the settings that have SEEDS seeds; none where there are fewer of these."""
    of_seeds = [
        [max(curve) for seed, curve in setting.curves.items() if not seed.startswith(BY_PRODUCT)]
        for setting in landscape.recording.settings
    ]
    several = [index for index, scores in enumerate(of_seeds) if len(scores) >= SEEDS]
    recorded = np.array([of_seeds[index][:SEEDS] for index in several])  # [settings, SEEDS]
    drawn = landscape.draws(landscape.recorded_points[several]).max(2)  # [settings, draws]
    return [
        Flattery(count, _flattered(recorded, count, own=False), _flattered(drawn, count, own=True))
        for count in of_settings
        if count <= len(several)
    ]


def _flattered(scores: np.ndarray, count: int, own: bool) -> float:
    """Mean over draws; a score's setting is judged by all its scores [settings, seeds], or by all but this one."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        settings = generator.choice(len(scores), count, replace=False)
        seeds = generator.integers(scores.shape[1], size=count)
        winner = scores[settings, seeds].argmax()
        of_winner = scores[settings[winner]]
        judges = of_winner if own else np.delete(of_winner, seeds[winner])
        found.append(of_winner[seeds[winner]] - judges.mean())
    return float(np.mean(found))
