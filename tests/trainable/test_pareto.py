"""What is beaten where there are several objectives, and how much a set of points reaches."""

import itertools
import random

import pytest

from trainable.pareto import Point, dominates, fronts, hypervolume, reference_point, widest_first


def some_points(count: int, objectives: int) -> list[Point]:
    """Of few values, so that some are equal."""
    chance = random.Random(f"{count}/{objectives}")
    return [tuple(chance.randrange(6) for _ in range(objectives)) for _ in range(count)]


def test_a_point_dominates_what_it_is_nowhere_worse_and_somewhere_better_than() -> None:
    assert dominates((1.0, 2.0), (1.0, 3.0))
    assert not dominates((1.0, 2.0), (1.0, 2.0))
    assert not dominates((1.0, 2.0), (0.0, 3.0))


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_a_front_is_what_nothing_behind_the_fronts_before_it_dominates(objectives: int) -> None:
    points = some_points(40, objectives)
    left = set(range(len(points)))
    for front in fronts(points):
        best = {index for index in left if not any(dominates(points[other], points[index]) for other in left)}
        assert set(front) == best
        left -= best
    assert not left


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_a_hypervolume_is_the_number_of_unit_cells_that_a_point_reaches(objectives: int) -> None:
    points, reference = some_points(12, objectives), (6,) * objectives
    cells = itertools.product(range(6), repeat=objectives)
    reached = sum(any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in points) for cell in cells)
    assert hypervolume(points, reference) == reached > 0


def test_a_point_that_is_not_before_the_reference_reaches_nothing() -> None:
    assert hypervolume([(2.0, 0.0)], (2.0, 2.0)) == 0.0
    assert hypervolume([], (2.0, 2.0)) == 0.0


def test_the_reference_lies_a_tenth_of_the_range_behind_the_worst() -> None:
    assert reference_point([(0.0, 5.0), (10.0, 5.0)]) == (11.0, 5.1)


@pytest.mark.parametrize("objectives", [2, 3])
def test_points_come_in_the_order_in_which_each_adds_most(objectives: int) -> None:
    points, reference = some_points(15, objectives), (7,) * objectives
    chosen: list[Point] = []
    for index in widest_first(points, reference):
        most = max(hypervolume([*chosen, point], reference) for point in points)
        chosen.append(points[index])
        assert hypervolume(chosen, reference) == most
    assert sorted(chosen) == sorted(points)


def test_of_points_that_add_the_same_the_earlier_comes_first() -> None:
    assert widest_first([(0, 2), (2, 0), (0, 2), (2, 0)], (3, 3)) == [0, 1, 2, 3]
