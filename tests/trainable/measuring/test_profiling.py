"""The order in which cells are measured."""

from stores import contents, full_store

from trainable.measuring.profiling import interleaved, reference_samples, summary
from trainable.measuring.store import MeasuredStore
from trainable.profiles.image_split import TRAIN, split_of_image

SAMPLES, CONFIGURATIONS = range(10), (0, 3, 5, 6)


def test_each_cell_has_one_turn_and_all_configurations_have_theirs_before_the_next_samples() -> None:
    turns = list(interleaved(SAMPLES, CONFIGURATIONS, seed=1, chunk=4))
    cells = [cell for turn in turns for cell in turn]
    assert sorted(cells) == [(sample, configuration) for sample in SAMPLES for configuration in CONFIGURATIONS]
    for chunk in (turns[:4], turns[4:8], turns[8:]):
        assert len({tuple(sample for sample, _ in turn) for turn in chunk}) == 1
        assert sorted(turn[0][1] for turn in chunk) == list(CONFIGURATIONS)


def test_the_order_is_random_and_fixed_by_the_store() -> None:
    one, again, other = (list(interleaved(SAMPLES, CONFIGURATIONS, seed, chunk=4)) for seed in (1, 1, 2))
    assert one == again != other
    assert len({tuple(turn[0][1] for turn in one[begin : begin + 4]) for begin in (0, 4, 8)}) > 1


def test_reference_samples_are_of_training_and_the_same_each_time() -> None:
    keys = contents().keys
    chosen = reference_samples(keys, 3)
    assert len(set(chosen)) == 3
    assert chosen == reference_samples(keys, 3)
    assert all(split_of_image(keys[sample].image_id) == TRAIN for sample in chosen)
    assert reference_samples(keys, 100) == (0, 1, 2, 3)


def test_a_summary_tells_how_full_a_store_is(tmp_path) -> None:
    assert summary(full_store(tmp_path / "full")).endswith(
        "full: 8 samples x 8 configurations, 64 of 64 cells measured; by configuration, accuracy is 0.000 to 0.875 and "
        "the median latency 10 to 17 ms"
    )
    assert summary(MeasuredStore.create(tmp_path / "empty", contents())).endswith("0 of 64 cells measured")
