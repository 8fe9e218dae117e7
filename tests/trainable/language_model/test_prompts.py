"""In which order prompts are trained on."""

from itertools import islice

from trainable.language_model.prompts import PromptSampler, prompt_order


def test_every_prompt_comes_once_before_any_comes_again_and_in_another_order() -> None:
    first, second = (list(islice(prompt_order(50, seed=3), 100))[start : start + 50] for start in (0, 50))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_a_batch_holds_whole_groups_and_is_asked_for_as_often_as_it_is_used() -> None:
    sampler = PromptSampler(num_rows=5, seed=0, num_batches=3, prompts_per_batch=2, num_generations=3, repeats=2)
    rows, order = list(sampler), list(islice(prompt_order(5, seed=0), 6))
    assert len(rows) == len(sampler) == 3 * 2 * (2 * 3)
    for batch in range(3):
        a, b = order[2 * batch : 2 * batch + 2]
        assert rows[12 * batch : 12 * (batch + 1)] == [a, a, a, b, b, b] * 2


def test_a_longer_training_begins_with_the_same_prompts() -> None:
    short, long = (
        PromptSampler(num_rows=7, seed=0, num_batches=batches, prompts_per_batch=2, num_generations=2, repeats=1)
        for batches in (2, 5)
    )
    assert list(short) == list(long)[: len(short)]
