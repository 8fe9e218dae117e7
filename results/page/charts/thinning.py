"""What of thousands of trials the page shows. All of them would be more than anybody can tell apart, in a page that no
browser opens in a second; sentences, medians and what decides are of all of them."""

from collections.abc import Sequence
from typing import TypeVar

MOST_ROWS = 500
"""Of the table of trials: the best ones."""
MOST_CURVES = 500
MOST_SETTINGS = 1_000
"""Lines and dots of the charts of what was searched."""
SHARE_OF_BEST = 0.5
"""Of what is drawn; the others are spaced evenly in their order, so that one sees how the rest lies."""

Item = TypeVar("Item")


def thinned(best_first: Sequence[Item], most: int) -> list[Item]:
    """At most so many, in their order: the best ones, and some of the others."""
    if len(best_first) <= most:
        return [*best_first]
    best = int(SHARE_OF_BEST * most)
    others, room = best_first[best:], most - best
    return [*best_first[:best], *(others[place * len(others) // room] for place in range(room))]


def thinned_words(count: int, most: int, noun: str) -> str:
    """A sentence on what is not drawn; empty where all is.

    Args:
        noun: in the plural.
    """
    if count <= most:
        return ""
    best = int(SHARE_OF_BEST * most)
    return f" Drawn are the best {best:,} of {count:,} {noun} and {most - best:,} of the others, evenly by rank."
