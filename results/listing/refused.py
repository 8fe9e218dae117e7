"""The proposals that became no trials, in one line."""

from collections.abc import Sequence

from results.listing.formatting import counted
from results.record.refusals import Refusal

MOST_NAMED = 3


def refused_line(refusals: Sequence[Refusal]) -> str:
    """How many, and for what reasons, the most frequent first.

    Reasons that differ in their numbers alone are one, shown as it was first.
    """
    kinds: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        kinds.setdefault(refusal.kind, []).append(refusal)
    frequent = sorted(kinds.values(), key=len, reverse=True)
    reasons = [f"{of_a_kind[0].reason} ({len(of_a_kind):,})" for of_a_kind in frequent[:MOST_NAMED]]
    others = sum(map(len, frequent[MOST_NAMED:]))
    if others:
        reasons.append(f"other reasons ({others:,})")
    return f"{counted(len(refusals), 'proposal')} refused: {', '.join(reasons)}"
