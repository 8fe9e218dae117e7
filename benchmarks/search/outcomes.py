"""What came of played searches: JSON lines, one a search, to which more can be added."""

import contextlib
import gzip
import json
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.landscape import Landscape
from search.played import PlayedSearch, Replicated, Spent

DIGITS = 4


@dataclass(frozen=True)
class Outcome:
    """One search."""

    profile: str
    space: str
    method: str
    seed: int
    budget: int
    best: float
    """The quality of the best setting there is."""
    chosen: list[tuple[int, float]]
    """From which epoch on the trial with the best score has which true quality."""
    replicated_at: int
    replicated: Replicated

    @property
    def regret(self) -> np.ndarray:
        """After each epoch, [budget]: what the choice falls short of the best."""
        since = np.array([epoch for epoch, _ in self.chosen])
        qualities = np.array([quality for _, quality in self.chosen])
        return self.best - qualities[np.searchsorted(since, np.arange(1, self.budget + 1), side="right") - 1]


def quiet() -> None:
    """Neither Optuna's log of each trial, nor warnings of what is tried on purpose, in ten thousand searches."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")


def play(landscape: Landscape, method: str, seed: int, budget: int, replicate_at: int) -> Outcome:
    """Play one search. The same arguments give the same outcome."""
    from search.methods import METHODS

    search = PlayedSearch(landscape, seed, budget, replicate_at)
    with contextlib.suppress(Spent):
        METHODS[method].play(search, seed)
    assert search.replicated is not None
    origin, best = landscape.origin, landscape.fit.best_quality
    chosen, replicated = search.chosen, search.replicated
    return Outcome(origin.profile, origin.space, method, seed, budget, best, chosen, replicate_at, replicated)


def as_line(outcome: Outcome) -> str:
    return json.dumps(_rounded(asdict(outcome)), separators=(",", ":")) + "\n"


def read_outcomes(files: Iterable[Path]) -> list[Outcome]:
    """Those of all files; of a search that is in them twice, the first."""
    found: dict[tuple[Any, ...], Outcome] = {}
    for file in files:
        text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text(encoding="utf-8")
        for line in text.splitlines():
            content = json.loads(line)
            outcome = Outcome(**content | {"replicated": Replicated(**content["replicated"])})
            key = (outcome.profile, outcome.space, outcome.method, outcome.seed, outcome.budget, outcome.replicated_at)
            found.setdefault(key, outcome)
    return list(found.values())


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, DIGITS)
        case list() | tuple():
            return [_rounded(item) for item in value]
        case dict():
            return {name: _rounded(item) for name, item in value.items()}
    return value
