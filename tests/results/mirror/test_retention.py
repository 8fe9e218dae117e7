"""Which checkpoints a store keeps, on what lies there."""

import itertools

from mirrored_folder import OBJECTIVE

from results.mirror.retention import InStore, beyond, goes_on_after, in_store, superseded


def test_a_checkpoint_is_whole_once_its_seal_is_there() -> None:
    there = in_store(
        [
            "checkpoint_000003/weights/w",
            "checkpoint_000003/files.json",
            "checkpoint_000004/weights/w",
            "result.json",
            "checkpoint_000012/weights/files.json",  # a run's own file of that name
        ]
    )

    assert there == InStore(sealed=(3,), torn=(4, 12))
    assert there.newest == 3


def test_the_last_two_and_the_best_stay_of_those_whose_rows_are_there_too() -> None:
    there = InStore(sealed=(2, 3, 4, 5, 6))

    assert superseded(there, num_rows=6, best=3) == [2, 4]
    assert superseded(there, num_rows=5, best=3) == [2]  # 6 has no row yet: 4 and 5 are the last two
    assert superseded(there, num_rows=3, best=3) == []
    assert superseded(there, num_rows=6, best=None, keeps_all=True) == []


def test_none_goes_before_a_newer_one_and_its_row_have_come() -> None:
    """For whatever lies there: what goes has two whole ones behind it, whose rows are in the store."""
    for sealed in itertools.chain.from_iterable(itertools.combinations(range(1, 7), size) for size in range(7)):
        for num_rows in range(7):
            for gone in superseded(InStore(sealed), num_rows, best=None):
                assert len([epoch for epoch in sealed if gone < epoch <= num_rows]) >= 2


def test_what_is_half_there_goes_once_a_newer_one_is_whole() -> None:
    there = InStore(sealed=(4,), torn=(2, 5))

    assert superseded(there, num_rows=5, best=None) == [2]  # 5 may be on its way
    assert superseded(there, num_rows=5, best=None, keeps_all=True) == [2]


def test_those_beyond_the_rows_are_told_whole_or_not() -> None:
    assert beyond(InStore(sealed=(3, 5), torn=(4,)), num_rows=3) == [4, 5]


def rows(*heights: float, ended: bool = False) -> list[dict[str, object]]:
    """All of whose epochs were saved."""
    made = [
        {"training_iteration": n, "height": height, "checkpointed": True} for n, height in enumerate(heights, start=1)
    ]
    if ended:
        made[-1]["done"] = True
    return made


def test_a_trial_goes_on_after_its_newest_checkpoint() -> None:
    assert goes_on_after(OBJECTIVE, rows(0.1, 0.2, 0.3), found=[2], has_been=[]) == 2
    assert goes_on_after(OBJECTIVE, rows(0.1, 0.2, 0.3), found=[2, 3], has_been=[]) == 3
    assert goes_on_after(OBJECTIVE, rows(0.1), found=[], has_been=[]) == 0
    assert goes_on_after(OBJECTIVE, [], found=[], has_been=[]) == 0


def test_a_best_checkpoint_that_was_lost_is_made_again() -> None:
    """Epoch 2 was the best, and its checkpoint never came: what goes on from 4 would never have it."""
    assert goes_on_after(OBJECTIVE, rows(0.1, 0.9, 0.3, 0.4), found=[1, 3, 4], has_been=[]) == 1
    assert goes_on_after(OBJECTIVE, rows(0.1, 0.9, 0.3, 0.4), found=[3, 4], has_been=[]) == 0
    assert goes_on_after(OBJECTIVE, rows(0.1, 0.9, 0.3, 0.4), found=[2, 4], has_been=[]) == 4


def test_a_trial_that_has_ended_misses_what_never_was_in_the_store_and_not_what_somebody_removed() -> None:
    ended = rows(0.1, 0.9, 0.3, ended=True)

    assert goes_on_after(OBJECTIVE, ended, found=[2, 3], has_been=[]) == 3
    assert goes_on_after(OBJECTIVE, ended, found=[2], has_been=[]) == 2
    assert goes_on_after(OBJECTIVE, ended, found=[], has_been=[2, 3]) == 3
    last_not_saved = [*rows(0.1, 0.9), {"training_iteration": 3, "height": 0.3, "checkpointed": False, "done": True}]
    assert goes_on_after(OBJECTIVE, last_not_saved, found=[2], has_been=[]) == 3


def test_of_rows_that_do_not_say_what_was_saved_all_count() -> None:
    assert goes_on_after(OBJECTIVE, [{"training_iteration": 1, "height": 0.1}], found=[], has_been=[]) == 1
