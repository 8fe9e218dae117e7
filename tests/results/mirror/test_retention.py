"""Which checkpoints a store keeps, on what lies there."""

import itertools

from results.mirror.retention import InStore, beyond, in_store, lacks_last, superseded


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


def test_a_last_checkpoint_is_missed_only_where_it_never_was_in_the_store() -> None:
    saved = [1, 2, 3]

    assert lacks_last(saved, 3, local=[], there=InStore(sealed=(2,)), has_been=0)
    assert not lacks_last(saved, 3, local=[3], there=InStore(sealed=(2,)), has_been=0)
    assert not lacks_last(saved, 3, local=[], there=InStore(sealed=(3,)), has_been=0)
    assert not lacks_last(saved, 3, local=[], there=InStore(), has_been=3)  # somebody made room there
    assert not lacks_last([1, 2], 3, local=[], there=InStore(sealed=(2,)), has_been=0)  # its last was not saved
