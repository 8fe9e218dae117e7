"""Whether TPE finds less when it is told of few trials: long searches over a recorded landscape, played both ways.

No Ray and no training: benchmarks/search plays the product's own code. Each seed's search is played with the bound and
without it; up to the bound the two are one search.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from search.landscape import read_landscape
from search.outcomes import quiet
from search.played import PlayedSearch, Spent
from search.product import Ours

from tune.sampling import bounded

PROFILE, SPACE = "digit_vqa", "wide"
NEWEST = 200
WITHOUT = 10**9
"""Trials: more than there are."""


@dataclass(frozen=True)
class Found:
    """What one search came to; a quality is the expected score under a fresh seed."""

    best: float
    """The highest quality of all that it tried."""
    newest: float
    """The mean quality of its last NEWEST settings: how good what it proposes is by then."""
    ms: float
    """CPU milliseconds a trial."""


class _OfTrials(PlayedSearch):
    """Ends after so many trials, and not after so many epochs."""

    def __init__(self, seed: int, trials: int) -> None:
        super().__init__(read_landscape(PROFILE, SPACE), seed, WITHOUT, replicate_at=0)
        self._most_trials = trials

    def begin(self, config: dict[str, Any]) -> int:
        if len(self.trials) == self._most_trials:
            raise Spent
        return super().begin(config)


def search_of(seed: int, trials: int, most: int) -> Found:
    """Play one search, its model told of at most so many trials at a time."""
    quiet()
    search, began = _OfTrials(seed, trials), time.process_time()
    with _told_of_at_most(most), contextlib.suppress(Spent):
        Ours()(search, seed)
    qualities = [trial.quality for trial in search.trials]
    return Found(max(qualities), fmean(qualities[-NEWEST:]), 1000 * (time.process_time() - began) / trials)


@contextlib.contextmanager
def _told_of_at_most(most: int) -> Iterator[None]:
    before, bounded.MOST = bounded.MOST, most
    try:
        yield
    finally:
        bounded.MOST = before


def table(seeds: int, trials: int) -> list[str]:
    """Lines of Markdown."""
    lines = [
        "| seed | told of | best quality tried | mean quality of the last 200 | CPU ms a trial |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for seed in range(seeds):
        for words, most in ((f"at most {bounded.MOST}", bounded.MOST), ("all", WITHOUT)):
            found = search_of(seed, trials, most)
            lines.append(f"| {seed} | {words} | {found.best:.4f} | {found.newest:.4f} | {found.ms:.0f} |")
    return lines
