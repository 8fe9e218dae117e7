"""One search over a landscape: which epochs it buys, and the true quality of what it would choose after each."""

from dataclasses import dataclass, field

import numpy as np

from search.curves import Config, Curve
from search.landscape import Landscape

FINALISTS = 3
MOST_SEEDS = 3
"""With which the finalists are trained again."""


class Spent(Exception):
    """The search has had all its epochs."""


@dataclass
class PlayedTrial:
    config: Config
    full: Curve
    """What it would score to its end."""
    quality: float
    epochs: int = 0

    @property
    def scores(self) -> Curve:
        return self.full[: self.epochs]

    @property
    def best(self) -> float:
        """The best score so far; a trial has had an epoch."""
        return max(self.scores)


@dataclass
class Replicated:
    """The choice at some moment of a search, and with its best settings trained again under fresh seeds."""

    by_score: float
    """True quality of the setting with the best score."""
    flattered: float
    """How much better its score is than its quality."""
    best_tried: float
    """The highest true quality of all settings that have had an epoch."""
    by_fresh_seeds: list[float] = field(default_factory=list)
    """True quality of the finalist that is best on average over one fresh seed, over two, ..."""
    with_the_score: list[float] = field(default_factory=list)
    """The same where the search's own score counts as one more seed."""
    trials: int = 0


class PlayedSearch:
    """What a method has of a landscape: it begins trials, and buys them epochs until they are spent.

    Trial n has the same luck in every method: differences between methods are not luck of this kind.
    """

    def __init__(self, landscape: Landscape, seed: int, budget: int, replicate_at: int) -> None:
        self.landscape, self.seed = landscape, seed
        self.num_epochs = landscape.origin.num_epochs
        self.trials: list[PlayedTrial] = []
        self.chosen: list[tuple[int, float]] = []
        """From which epoch on the incumbent, the trial with the best score, has which true quality."""
        self.replicated: Replicated | None = None
        self._budget, self._replicate_at, self._spent = budget, replicate_at, 0
        self._best_score = -np.inf

    def begin(self, config: Config) -> int:
        """The number of a new trial, which has had no epoch."""
        luck = np.random.default_rng([self.seed, len(self.trials), 1])
        curve, quality = self.landscape.seed_curve(config, luck)
        self.trials.append(PlayedTrial(config, [float(score) for score in curve], quality))
        return len(self.trials) - 1

    def train(self, number: int) -> float:
        """The score of a trial's next epoch.

        Raises:
            Spent: it would be one too many.
        """
        if self._spent == self._budget:
            raise Spent
        trial = self.trials[number]
        trial.epochs += 1
        self._spent += 1
        score = trial.scores[-1]
        if score > self._best_score:
            self._best_score = score
            self.chosen.append((self._spent, trial.quality))
        if self._spent == self._replicate_at:
            self.replicated = self._replicate()
        return score

    def _replicate(self) -> Replicated:
        tried = sorted((trial for trial in self.trials if trial.epochs), key=lambda trial: -trial.best)
        generator = np.random.default_rng([self.seed, 99])
        finalists = tried[:FINALISTS]
        fresh = np.array(
            [
                [self.landscape.seed_curve(trial.config, generator)[0].max() for _ in range(MOST_SEEDS)]
                for trial in finalists
            ]
        )  # [FINALISTS, MOST_SEEDS]
        score = np.array([[trial.best] for trial in finalists])
        with_score = np.concatenate([score, fresh], axis=1)

        def winners(scores: np.ndarray, first: int) -> list[float]:
            best = [int(scores[:, : first + more].mean(1).argmax()) for more in range(MOST_SEEDS)]
            return [finalists[winner].quality for winner in best]

        return Replicated(
            tried[0].quality,
            tried[0].best - tried[0].quality,
            max(trial.quality for trial in tried),
            winners(fresh, 1),
            winners(with_score, 2),
            len(tried),
        )
