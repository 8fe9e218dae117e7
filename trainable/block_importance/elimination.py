"""Greedy backward elimination: which of many parts is missed least, then which of the others, and so on."""

import math
from collections.abc import Callable, Iterator, Sequence

Score = Callable[[tuple[int, ...], float], float | None]
"""How good it is with these parts alone, ascending; None, which may be cheaper to find, where that is less than so
much."""


def eliminate(parts: Sequence[int], fixed: Sequence[int], score: Score) -> Iterator[tuple[int, float]]:
    """Each part in the order in which it goes, and the score without it and all before it.

    It is always the part without which the score is best; of equals the last one, since later blocks of a model change
    less of what goes through them.

    Args:
        parts: those that are there. fixed: those of them that never go.
    """
    left = list(parts)
    last_scores: dict[int, float] = {}
    while candidates := [part for part in left if part not in fixed]:
        scores: dict[int, float] = {}
        # Who did well in the last round is likely to again, and with a good score others are given up sooner.
        for part in sorted(candidates, key=lambda part: (last_scores.get(part, -math.inf), part), reverse=True):
            without = score(tuple(other for other in left if other != part), max(scores.values(), default=-math.inf))
            if without is not None:
                scores[part] = without
        gone = max(scores, key=lambda part: (scores[part], part))
        yield gone, scores[gone]
        left.remove(gone)
        last_scores = scores


def num_scores(num_candidates: int) -> int:
    """How many scores it takes until no candidate is left."""
    return num_candidates * (num_candidates + 1) // 2
