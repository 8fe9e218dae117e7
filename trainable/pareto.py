"""What is best where there is more than one objective: which points are beaten, and how much space the others reach.

A point is a tuple of losses, one an objective: less is better in each. Imports the standard library alone.
"""

import bisect
import heapq
from collections.abc import Iterable, Sequence
from operator import le, lt

Point = tuple[float, ...]

BEYOND_WORST = 0.1
"""How far behind the worst point the reference lies, as a share of the range: at the worst itself, the points at both
ends of a front would reach nothing (Ishibuchi et al. 2018)."""


def dominates(one: Point, other: Point) -> bool:
    """Whether it is as good in every objective, and better in one."""
    return one != other and all(map(le, one, other))


def unbeaten(points: Iterable[Point]) -> list[Point]:
    """Those that no other dominates, each once, in lexicographic order."""
    kept: list[Point] = []
    for point in sorted(set(points)):
        if not any(dominates(other, point) for other in kept):
            kept.append(point)
    return kept


def fronts(points: Sequence[Point]) -> list[list[int]]:
    """Indices by their non-dominated rank: those that no point dominates, those that only the former dominate, ...

    The ranks of Deb et al. 2002 (NSGA-II, section III.A), found in lexicographic order, in which no point dominates an
    earlier one (Zhang et al. 2015, ENS-SS; of two objectives ENS-BS, whose time is that of sorting).
    """
    if points and len(points[0]) == 2:
        return _fronts_of_two(points)
    found: list[list[int]] = []
    for index in sorted(range(len(points)), key=points.__getitem__):
        for front in found:
            if not any(dominates(points[other], points[index]) for other in front):
                front.append(index)
                break
        else:
            found.append([index])
    return found


def _fronts_of_two(points: Sequence[Point]) -> list[list[int]]:
    """In lexicographic order each new point of a front is better than all before it in the second objective: its last
    one tells alone whether the front beats a point, and fronts come by how good that is."""
    found: list[list[int]] = []
    lowest: list[float] = []
    """Of each front the second loss of its last point."""
    for index in sorted(range(len(points)), key=points.__getitem__):
        place = bisect.bisect_right(lowest, points[index][1])
        if place and points[found[place - 1][-1]] == points[index]:
            place -= 1  # beside its equal
        if place == len(found):
            found.append([])
            lowest.append(0.0)
        found[place].append(index)
        lowest[place] = points[index][1]
    return found


def reference_point(points: Sequence[Point]) -> Point:
    """Behind the worst of each objective, from which a hypervolume is measured."""
    ends = [(min(values), max(values)) for values in zip(*points, strict=True)]
    return tuple(worst + BEYOND_WORST * (worst - best or 1.0) for best, worst in ends)


def hypervolume(points: Iterable[Point], reference: Point) -> float:
    """The volume of what lies between the points and the reference: dominated by one of them, and dominating it.

    Slice by slice along the first objective, each slice with one objective less (While et al. 2006, HSO).
    """
    inside = unbeaten(point for point in points if all(map(lt, point, reference)))
    if not inside:
        return 0.0
    if len(reference) == 1:
        return sum(reference[0] - point[0] for point in inside)
    ends = [*(point[0] for point in inside[1:]), reference[0]]
    return sum(
        (end - point[0]) * hypervolume([other[1:] for other in inside[: count + 1]], reference[1:])
        for count, (point, end) in enumerate(zip(inside, ends, strict=True))
    )


def widest_first(points: Sequence[Point], reference: Point) -> list[int]:
    """Indices in the order in which each adds the most hypervolume to those before it; equals as they came.

    So the first k are nearly the k that reach most together (Guerreiro et al. 2016), and of two equal points the second
    comes after all that add something. What a point adds only shrinks as others come before it, so that it is asked
    anew only when it seems to be the next.
    """
    chosen: list[int] = []
    waiting = [(-hypervolume([point], reference), index, 0) for index, point in enumerate(points)]
    heapq.heapify(waiting)
    while waiting:
        _, index, known = heapq.heappop(waiting)
        if known == len(chosen):
            chosen.append(index)
            continue
        point = points[index]
        shared = (tuple(map(max, point, points[other])) for other in chosen)
        adds = hypervolume([point], reference) - hypervolume(shared, reference)
        heapq.heappush(waiting, (-adds, index, len(chosen)))
    return chosen
