"""Greedy backward elimination: which of many parts is missed least, then which of the others, and so on."""

from collections.abc import Callable, Iterator, Sequence

Score = Callable[[tuple[int, ...]], float]
"""How good it is with these parts alone, ascending."""


def eliminate(parts: Sequence[int], fixed: Sequence[int], score: Score) -> Iterator[tuple[int, float]]:
    """Each part in the order in which it goes, and the score without it and all before it.

    It is always the part without which the score is best; of equals the last one, since later blocks of a model change
    less of what goes through them.

    Args:
        parts: those that are there. fixed: those of them that never go.
    """
    left = list(parts)
    while candidates := [part for part in left if part not in fixed]:
        scores = {part: score(tuple(other for other in left if other != part)) for part in candidates}
        gone = max(candidates, key=lambda part: (scores[part], part))
        left.remove(gone)
        yield gone, scores[gone]


def num_scores(num_candidates: int) -> int:
    """How many scores it takes until no candidate is left."""
    return num_candidates * (num_candidates + 1) // 2
