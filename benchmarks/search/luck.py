"""Whether luck is as large in a landscape as in the recorded curves, without any model of the latter.

Of `k` settings, each trained under one seed, the best score is taken, as a search does. By how much it flatters its
setting is told by the setting's other seeds, or by the landscape's true quality. Settings that had to do well under a
first seed to get a second one are left out: their seeds are no fair judges.
"""

from dataclasses import dataclass

import numpy as np

from search.landscape import Landscape
from search.recording import BY_PRODUCT

FIRST_SEED = "0"
"""By which it was decided who is trained again."""
DRAWS = 4_000


@dataclass(frozen=True)
class Flattery:
    """By how much the best score of so many settings is above what its setting scores on average."""

    settings: int
    recorded: float
    in_landscape: float


def flattery(landscape: Landscape, of_settings: tuple[int, ...]) -> list[Flattery]:
    """For the best of so many settings; none where fewer were recorded under several seeds."""
    recorded, several = [], []
    for index, setting in enumerate(landscape.recording.settings):
        scores = [max(curve) for seed, curve in setting.curves.items() if not seed.startswith(BY_PRODUCT)]
        if FIRST_SEED not in setting.curves and len(scores) > 1:
            recorded.append(np.array(scores))
            several.append(index)
    drawn = [*landscape.draws(landscape.recorded_points[several]).max(2)]
    return [
        Flattery(count, _flattered(recorded, count), _flattered(drawn, count))
        for count in of_settings
        if count <= len(several)
    ]


def _flattered(scores: list[np.ndarray], count: int) -> float:
    """Mean over draws of the best score of so many settings, less the mean of its setting's other scores."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        settings = generator.choice(len(scores), count, replace=False)
        drawn = [(scores[setting], generator.integers(len(scores[setting]))) for setting in settings]
        of_winner, seed = max(drawn, key=lambda one: one[0][one[1]])
        found.append(of_winner[seed] - np.delete(of_winner, seed).mean())
    return float(np.mean(found))
