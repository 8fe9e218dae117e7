"""Latency budgets as users write them: in ms, or as a share of what the full model takes."""

import math
import re
from dataclasses import dataclass

from trainable.contract import UserError

_BUDGET = re.compile(r"(?P<number>\d*\.?\d+(e-?\d+)?)\s*(?P<unit>ms|%|)", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """One latency budget."""

    amount: float
    is_share: bool
    """Of the full model's mean latency; else in ms."""

    def in_ms(self, full_ms: float) -> float:
        """
        Args:
            full_ms: what the full model takes.
        """
        return self.amount * full_ms if self.is_share else self.amount

    def __str__(self) -> str:
        return f"{self.amount:.4g} of full" if self.is_share else f"{self.amount:.4g} ms"


def read_budget(text: str) -> Budget:
    """A budget: `0.5` and `50%` are shares, as is every bare number up to 1; `12`, `12ms` and `0.9ms` are ms.

    Raises:
        UserError: it is none of these, or not above 0.
    """
    written = _BUDGET.fullmatch(text.strip())
    amount = float(written["number"]) if written else 0.0
    if written is None or not 0 < amount < math.inf:
        raise UserError(
            f"--budgets {text}: a budget is above 0, as a share of the full model's latency (0.5 or 50%) "
            "or in ms (12 or 0.9ms)"
        )
    unit = written["unit"].lower()
    if unit == "%":
        return Budget(amount / 100, is_share=True)
    return Budget(amount, is_share=not unit and amount <= 1)
