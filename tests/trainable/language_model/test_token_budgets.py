"""What going over token budgets costs, and what is achieved under them."""

import pytest

from trainable.language_model.token_budgets import (
    ACCURACY,
    COMPLETION_LENGTH,
    IN_BUDGET_ACCURACY,
    OVER_BUDGET_RATE,
    Completion,
    Judgement,
    over_budget_reward,
)


def test_a_completion_is_charged_for_every_budget_that_it_goes_over() -> None:
    over_budget = over_budget_reward((2, 4))
    # 2 tokens: none. 3: (1/2 + 0) / 2. 6: (4/2 + 2/4) / 2.
    assert over_budget(completion_ids=[[0] * 2, [0] * 3, [0] * 6], prompts=["", "", ""]) == [0.0, 0.25, 1.25]


@pytest.fixture
def judgement() -> Judgement:
    """Under budgets of 2 and 4 tokens: right at once, right late, right but never ended, wrong at once."""
    return Judgement(
        (
            Completion("7", 2, has_ended=True, is_correct=True),
            Completion("007", 4, has_ended=True, is_correct=True),
            Completion("7777", 4, has_ended=False, is_correct=True),
            Completion("1", 2, has_ended=True, is_correct=False),
        ),
        (2, 4),
    )


def test_accuracy_counts_what_is_answered_and_ended_within_the_budget(judgement: Judgement) -> None:
    # Within 2: the first of 4. Within 4: the first two. What was cut is within none.
    assert judgement.details().curves["token_budgets"].y == (0.25, 0.5)
    assert judgement.metrics() == {
        IN_BUDGET_ACCURACY: 3 / 8,
        ACCURACY: 3 / 4,
        COMPLETION_LENGTH: 3.0,
        OVER_BUDGET_RATE: 3 / 8,
    }


def test_the_parts_of_the_score_are_prompts(judgement: Judgement) -> None:
    assert (judgement.parts.unit, judgement.parts.sums) == ("prompt", (2.0, 1.0, 0.0, 0.0))
    assert sum(judgement.parts.sums) / sum(judgement.parts.counts) == judgement.metrics()[IN_BUDGET_ACCURACY]
