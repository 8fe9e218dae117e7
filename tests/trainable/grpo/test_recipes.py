from trainable.grpo.recipes import RECIPES
from trainable.grpo.reward import flexvlm_reward
from trainable.grpo.settings import RECIPE_NAMES


def test_every_name_that_the_settings_accept_is_a_recipe_and_the_other_way_round():
    assert sorted(RECIPES) == sorted(RECIPE_NAMES)


def test_the_original_recipe_is_the_published_reward_with_advantages_over_the_std():
    assert RECIPES["original"].reward is flexvlm_reward
    assert RECIPES["original"].divide_by_std


def test_the_default_recipe_does_not_blow_small_differences_up():
    assert not RECIPES["default"].divide_by_std
