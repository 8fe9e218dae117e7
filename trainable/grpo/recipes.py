"""Recipes: a reward and how advantages are normalised, chosen together by one name.

Why `default` is the default is measured in docs/method.md. In every recipe `budget_penalty` weighs the violation.
"""

from dataclasses import dataclass

from trainable.grpo.reward import Reward, fixed_penalty_reward, flexvlm_reward
from trainable.grpo.settings import DEFAULT_RECIPE, ORIGINAL_RECIPE


@dataclass(frozen=True)
class Recipe:
    reward: Reward
    divide_by_std: bool


RECIPES = {
    DEFAULT_RECIPE: Recipe(fixed_penalty_reward, divide_by_std=False),
    ORIGINAL_RECIPE: Recipe(flexvlm_reward, divide_by_std=True),
}
