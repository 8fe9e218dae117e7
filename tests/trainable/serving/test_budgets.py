"""How a latency budget may be written."""

import pytest

from trainable.contract import UserError
from trainable.serving.budgets import read_budget


@pytest.mark.parametrize(
    ("text", "budget_ms"),
    # of a full model that takes 40 ms
    [("0.5", 20.0), ("1", 40.0), ("50%", 20.0), ("120%", 48.0), ("12", 12.0), ("12ms", 12.0), ("0.9 ms", 0.9)],
)
def test_a_budget_is_a_share_up_to_one_and_ms_beyond(text: str, budget_ms: float) -> None:
    assert read_budget(text).in_ms(40.0) == pytest.approx(budget_ms)


@pytest.mark.parametrize("text", ["0", "-3", "fast", "nan", "inf", "1e999", "5 s", ""])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="a share of the full model's latency"):
        read_budget(text)
