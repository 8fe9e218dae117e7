"""How much a sweep may take: what of it the search gets, what its finalists, and what is counted."""

import math

import pytest

from trainable.contract import UserError
from tune.searching.caps import Caps, Spent, read_duration

MINUTE, HOUR = 60.0, 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("90min", 90 * MINUTE),
        ("1.5h", 1.5 * HOUR),
        ("1h 30min", 1.5 * HOUR),
        ("1d2h", 26 * HOUR),
        ("1 h 5 min", 65 * MINUTE),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert read_duration("time_budget", text) == seconds


@pytest.mark.parametrize("text", ["90", "0s", "", "an hour", "-5min", "5 m", "30min 1h", "nans", "1e3s"])
def test_what_is_no_duration_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(UserError, match=r"time_budget is .* must be a duration above 0, as 45s, 90min"):
        read_duration("time_budget", text)


def searched(epochs: int, **more: float) -> Spent:
    return Spent(**{"epochs": epochs, "search": epochs, **more})  # type: ignore[arg-type]


def test_the_search_leaves_room_for_one_fresh_seed_of_each_finalist() -> None:
    caps = Caps(epochs=480, finalists=4, num_epochs=30)
    assert not caps.why_over(searched(359))
    assert caps.why_over(searched(360)) == "epoch_budget"
    assert caps.room(searched(360)) == 4


def test_half_of_a_small_budget_is_the_searchs_and_fewer_replicates_fit() -> None:
    caps = Caps(epochs=100, finalists=4, num_epochs=30)
    assert not caps.why_over(searched(49))
    assert caps.why_over(searched(50)) == "epoch_budget"
    assert caps.room(searched(50)) == 1


def test_without_finalists_all_is_the_searchs() -> None:
    caps = Caps(epochs=100, finalists=0, num_epochs=30)
    assert not caps.why_over(searched(99))
    assert caps.why_over(searched(100)) == "epoch_budget"


def test_replicates_that_run_take_nothing_from_the_search_and_have_all_their_epochs() -> None:
    """Nor has a search that was interrupted among its replicates anything to go on with."""
    caps = Caps(epochs=480, finalists=4, num_epochs=30)
    amid = Spent(epochs=375, search=360, replicates=60, of_finalists=60)
    assert caps.why_over(amid) == "epoch_budget"
    assert caps.room(amid) == 2


def test_a_raised_budget_goes_to_the_search_and_keeps_room_for_finalists_that_are_new() -> None:
    caps = Caps(epochs=600, finalists=4, num_epochs=30)
    as_before = Spent(epochs=480, search=360, replicates=120, of_finalists=120)
    assert not caps.why_over(as_before)
    two_are_new = Spent(epochs=540, search=420, replicates=120, of_finalists=60)
    assert caps.why_over(two_are_new) == "epoch_budget"
    assert caps.room(two_are_new) == 2


def test_time_is_planned_by_the_pace_so_far() -> None:
    """Ten seconds an epoch, however many trials there are at a time: an hour is 360 of them, four replicates 120."""
    caps = Caps(seconds=HOUR, finalists=4, num_epochs=30)
    assert not caps.why_over(searched(239, seconds=2390.0))
    assert caps.why_over(searched(240, seconds=2400.0)) == "time_budget"
    assert caps.room(searched(240, seconds=2400.0)) == 4
    assert not caps.is_out_of_time(searched(240, seconds=2400.0))
    assert caps.is_out_of_time(Spent(epochs=350, search=240, replicates=120, of_finalists=120, seconds=HOUR))


def test_of_two_budgets_the_first_that_is_used_up_ends_the_search() -> None:
    caps = Caps(epochs=1000, seconds=MINUTE, finalists=0, num_epochs=30)
    assert caps.why_over(searched(10, seconds=61.0)) == "time_budget"
    assert caps.tightest(searched(10, seconds=30.0)) == "time_budget"
    assert caps.tightest(searched(10, seconds=0.1)) == "epoch_budget"
    assert not Caps().why_over(searched(10**6, seconds=1e9))
    assert Caps().room(searched(10**6)) == math.inf
