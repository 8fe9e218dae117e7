"""What going over token budgets costs in training, and what completions achieve under them in validation.

Letters: `P` prompts, `Q` budgets. A completion's tokens count with the token that ends it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trainable.runs import Curve, Details, ScoreParts

IN_BUDGET_ACCURACY = "Val/In_Budget_Accuracy"
ACCURACY = "Val/Accuracy"
COMPLETION_LENGTH = "Val/Completion_Length"
OVER_BUDGET_RATE = "Val/Over_Budget_Rate"

OVER_BUDGET = "over_budget"
"""What the reward is called that weighs -budget_penalty."""
FIGURE = "token_budgets"


def overshoot(tokens: int, budgets: Sequence[int]) -> float:
    """By how much of a budget a completion goes over it, in the mean of the budgets.

    Validation asks for one answer that does well under the whole grid, and a prompt does not say which budget it is
    judged under. So every completion is weighed against all of them: the expectation of a budget drawn for each prompt,
    without the noise of drawing it.
    """
    return sum(max(0, tokens - budget) / budget for budget in budgets) / len(budgets)


def over_budget_reward(budgets: Sequence[int]) -> Callable[..., list[float]]:
    """That as a reward function of TRL's, positive: its weight is below zero."""

    def over_budget(completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [overshoot(len(tokens), budgets) for tokens in completion_ids]

    return over_budget


@dataclass(frozen=True)
class Completion:
    """What a model, or whoever else, answers to one prompt."""

    text: str
    tokens: int
    has_ended: bool
    """Within the tokens that it may have; else it was cut."""
    is_correct: bool

    def is_within(self, budget: int) -> bool:
        return self.has_ended and self.tokens <= budget


@dataclass(frozen=True)
class Judgement:
    """Completions of all validation prompts, in their order, under a grid of token budgets."""

    completions: tuple[Completion, ...]
    budgets: tuple[int, ...]

    def metrics(self) -> dict[str, float]:
        """Means over prompts, and over the grid where a budget matters."""
        prompts, cells = len(self.completions), len(self.completions) * len(self.budgets)
        within = [one.is_within(budget) for one in self.completions for budget in self.budgets]  # [P x Q]
        return {
            IN_BUDGET_ACCURACY: sum(self.parts.sums) / cells,
            ACCURACY: sum(one.is_correct for one in self.completions) / prompts,
            COMPLETION_LENGTH: sum(one.tokens for one in self.completions) / prompts,
            OVER_BUDGET_RATE: within.count(False) / cells,
        }

    @property
    def parts(self) -> ScoreParts:
        """Of in-budget accuracy: a part is a prompt under every budget."""
        sums = tuple(
            float(sum(one.is_correct and one.is_within(budget) for budget in self.budgets)) for one in self.completions
        )
        return ScoreParts("prompt", sums, (float(len(self.budgets)),) * len(sums))

    def details(self) -> Details:
        """The parts, and in-budget accuracy as a line over the budgets."""
        accuracies = tuple(
            sum(one.is_correct and one.is_within(budget) for one in self.completions) / len(self.completions)
            for budget in self.budgets
        )
        return Details(self.parts, {FIGURE: Curve(tuple(map(float, self.budgets)), accuracies)})
