"""What distinguishes the best quarter of a sweep's trials from the rest, in a sentence with its numbers.

Each hyperparameter is tested: numbers by Mann-Whitney's U, choices by Fisher's exact test, with Holm's correction for
how many are tested. A searcher proposes near what was good, so trials are no independent draws: the test decides what
is worth mentioning, and proves nothing.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from results.analysis.hyperparameters import Hyperparameter, varied_hyperparameters
from results.analysis.observations import ALPHA, Observation, best_quarter_places, unit_of, why_no_best_quarter
from results.listing.formatting import listed, shown_value


@dataclass(frozen=True)
class BestQuarter:
    """The sentence, and for those who draw it: which hyperparameters differ clearly, the clearest first."""

    sentence: str
    clear: tuple[str, ...] = ()
    reason: str = ""
    """Why nothing can be said, where that is so; the sentence gives it too."""


def best_quarter(observed: Sequence[Observation]) -> BestQuarter:
    """What to say of it."""
    unit = unit_of(observed)
    varied = varied_hyperparameters([observation.setting for observation in observed], {})  # ranks have no scale
    reason = why_no_best_quarter([o.value for o in observed], unit, len(varied)) if varied else "nothing was varied"
    if reason:
        return BestQuarter(f"What distinguishes the best quarter cannot be said: {reason}.", reason=reason)
    best = set(best_quarter_places([observation.value for observation in observed]))
    differences = sorted((_difference(hyperparameter, best) for hyperparameter in varied), key=lambda d: d.p)
    clear = differences[: _rejected_by_holm([difference.p for difference in differences])]
    unclear = [h.name for h in varied if h.name not in {difference.name for difference in clear}]
    whose = f"The best quarter ({len(best)} of {len(observed)} {unit})"
    if not clear:
        spans = {difference.name: difference.span for difference in differences}
        verdict = "it does not differ" if len(unclear) == 1 else "none of them differs"
        return BestQuarter(
            f"{whose} has {listed([spans[name] for name in unclear], 'and')}; {verdict} clearly from the rest."
        )
    sentence = f"{whose} has {listed([difference.words for difference in clear], 'and')}"
    if unclear:
        sentence += f"; {listed(unclear, 'and')} {'does' if len(unclear) == 1 else 'do'} not differ clearly"
    return BestQuarter(f"{sentence}.", tuple(difference.name for difference in clear))


@dataclass(frozen=True)
class _Difference:
    name: str
    p: float
    words: str
    """How it differs."""
    span: str
    """Its values, and those of the rest, where that is not clear."""


def _difference(hyperparameter: Hyperparameter, best: set[int]) -> _Difference:
    inside = [value for place, value in hyperparameter.values.items() if place in best]
    outside = [value for place, value in hyperparameter.values.items() if place not in best]
    if not inside or not outside:
        name = hyperparameter.name
        return _Difference(name, 1.0, "", f"{name} where the rest has none" if inside else f"no {name}")
    compare = _compare_choices if hyperparameter.kind is str else _compare_numbers
    return compare(hyperparameter.name, inside, outside)


def _compare_numbers(name: str, inside: list[float], outside: list[float]) -> _Difference:
    from scipy.stats import mannwhitneyu

    found = mannwhitneyu(inside, outside, alternative="two-sided")
    direction = "higher" if 2 * found.statistic > len(inside) * len(outside) else "lower"
    medians = f"median {shown_value(statistics.median(inside))} against {shown_value(statistics.median(outside))}"
    span = f"{name} {_range(inside)} (the rest {_range(outside)})"
    return _Difference(name, float(found.pvalue), f"a {direction} {name} ({medians})", span)


def _range(values: list[float]) -> str:
    return f"{shown_value(min(values))} to {shown_value(max(values))}"


def _compare_choices(name: str, inside: list[str], outside: list[str]) -> _Difference:
    """The choice that differs most; each is a test, but of two choices they are the same one."""
    from scipy.stats import fisher_exact

    labels = sorted(set(inside + outside))

    def p_of(label: str) -> float:
        counts = [[side.count(label), len(side) - side.count(label)] for side in (inside, outside)]
        return round(float(fisher_exact(counts).pvalue), 12)  # equal ones are to be equal

    def excess(label: str) -> float:
        return inside.count(label) / len(inside) - outside.count(label) / len(outside)

    label = min(labels, key=lambda label: (p_of(label), -excess(label)))
    tests = len(labels) if len(labels) > 2 else 1
    counts = f"{inside.count(label)} of {len(inside)} against {outside.count(label)} of {len(outside)}"
    words = f"{name} {label} {'more' if excess(label) > 0 else 'less'} often ({counts})"
    return _Difference(name, min(1.0, tests * p_of(label)), words, words)


def _rejected_by_holm(ordered: Sequence[float]) -> int:
    """How many of the p values, smallest first, are significant."""
    for place, p in enumerate(ordered):
        if p > ALPHA / (len(ordered) - place):
            return place
    return len(ordered)
