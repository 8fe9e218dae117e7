"""The order in which parts go, against scores made by hand."""

from collections.abc import Callable

from trainable.block_importance.elimination import Score, eliminate, num_scores


def always_told(score: Callable[[tuple[int, ...]], float]) -> Score:
    return lambda left, at_least: score(left)


def test_what_is_missed_least_goes_first_given_what_is_gone() -> None:
    # Either of 1 and 2 can go, but not both: alone they are worth 1 together, so that a ranking of the first round
    # (3 is worth .3, 1 and 2 nothing) would be wrong from its second place on.
    def score(left: tuple[int, ...]) -> float:
        return 0.3 * (3 in left) + 1.0 * (1 in left or 2 in left) + 0.1 * (4 in left)

    order = list(eliminate(range(5), (0,), always_told(score)))
    assert [part for part, _ in order] == [2, 4, 3, 1]
    assert [round(value, 6) for _, value in order] == [1.4, 1.3, 1.0, 0.0]


def test_of_equals_the_last_goes_first_and_what_is_fixed_stays() -> None:
    assert [part for part, _ in eliminate(range(6), (0, 3), always_told(lambda left: 1.0))] == [5, 4, 2, 1]


def test_scores_that_cannot_be_the_best_need_not_be_told() -> None:
    told = []

    def score(left: tuple[int, ...]) -> float:
        return -sum((part * 7) % 5 for part in left)

    def told_if_good(left: tuple[int, ...], at_least: float) -> float | None:
        told.append(score(left) >= at_least)
        return score(left) if told[-1] else None

    assert list(eliminate(range(9), (0,), told_if_good)) == list(eliminate(range(9), (0,), always_told(score)))
    assert told.count(False) > len(told) / 4


def test_the_number_of_scores_is_known_before() -> None:
    asked = []
    list(eliminate(range(7), (0, 1), always_told(lambda left: float(len(asked.append(left) or left)))))
    assert len(asked) == num_scores(5) == 15
