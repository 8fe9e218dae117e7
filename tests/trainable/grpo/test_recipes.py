import pytest
import torch
from torch import Tensor

from trainable.grpo.recipes import RECIPES, fixed_penalty_reward, flexvlm_reward, violated
from trainable.grpo.settings import RECIPE_NAMES

EVERY_RECIPE = pytest.mark.parametrize("name", sorted(RECIPES))


def doubles(*values: float) -> Tensor:
    return torch.tensor([values], dtype=torch.float64)


def test_an_answer_on_the_dot_of_its_budget_is_in_time():
    assert violated(doubles(9.99, 10.0, 10.01), doubles(10.0)).tolist() == [[False, False, True]]


def test_the_fixed_penalty_is_the_same_however_late_the_answer():
    reward = fixed_penalty_reward(
        doubles(1.0, 1.0, 1.0, 0.5), doubles(9.0, 10.5, 1000.0, 20.0), doubles(10.0), doubles(0, 0.2, 0.4, 1), 0.7
    )
    # accuracy, less .7 where late; complexity plays no part
    torch.testing.assert_close(reward, doubles(1.0, 0.3, 0.3, -0.2))


def test_the_published_reward_by_hand():
    reward = flexvlm_reward(
        accuracy=doubles(1.0, 1.0, 0.0),
        latency_ms=doubles(10.0, 20.0, 5.0),
        budget_ms=doubles(10.0),
        complexity=doubles(0.5, 1.0, 0.0),
        budget_penalty=10.0,
    )
    # L = B: 1 - .5 * sigmoid(0) - 0 - .05 * .5 + .1 * 0                   = .725
    # L = 2B: 1 - .5 * sigmoid(10) - 10 * 1 - .05 + 0; sigmoid(10) = .99995460 = -9.54997730
    # L = B/2: 0 - .5 * sigmoid(-5) - 0 - 0 + .1 * .5; sigmoid(-5) = .00669285 = .04665357
    torch.testing.assert_close(reward, doubles(0.725, -9.54997730, 0.04665357), rtol=0, atol=1e-8)


def test_the_published_penalty_grows_with_the_square_of_the_relative_lateness():
    def penalty(latency_ms: float) -> float:
        at = [flexvlm_reward(doubles(1.0), doubles(latency_ms), doubles(10.0), doubles(0.0), g) for g in (0.0, 3.0)]
        return (at[0] - at[1]).item()

    # 3 * .1^2 and 3 * .4^2
    assert penalty(11.0) == pytest.approx(0.03)
    assert penalty(14.0) == pytest.approx(0.48)


@EVERY_RECIPE
def test_the_budget_penalty_weighs_late_answers_in_every_recipe_and_only_those(name):
    def reward(budget_penalty: float) -> Tensor:
        return RECIPES[name].reward(
            doubles(1.0, 1.0), doubles(8.0, 13.0), doubles(10.0), doubles(0.1, 0.6), budget_penalty
        )

    none, one, five = reward(0.0)[0], reward(1.0)[0], reward(5.0)[0]
    assert none[0] == one[0] == five[0]
    assert none[1] > one[1] > five[1]
    assert (none[1] - five[1]).item() == pytest.approx(5 * (none[1] - one[1]).item())


@EVERY_RECIPE
def test_each_row_of_a_batch_is_judged_by_its_own_budget(name):
    reward = RECIPES[name].reward
    accuracy, latency_ms = torch.rand(3, 4), 20 * torch.rand(3, 4)
    budget_ms, complexity = torch.tensor([[5.0], [10.0], [15.0]]), torch.rand(3, 4)
    together = reward(accuracy, latency_ms, budget_ms, complexity, 2.0)
    for row in range(3):
        alone = reward(accuracy[row], latency_ms[row], budget_ms[row], complexity[row], 2.0)
        assert torch.equal(together[row], alone)


def test_every_name_that_the_settings_accept_is_a_recipe_and_the_other_way_round():
    assert sorted(RECIPES) == sorted(RECIPE_NAMES)


def test_the_original_recipe_is_the_published_reward_with_advantages_over_the_std():
    assert RECIPES["original"].reward is flexvlm_reward
    assert RECIPES["original"].divide_by_std


def test_the_default_recipe_does_not_blow_small_differences_up():
    assert not RECIPES["default"].divide_by_std
