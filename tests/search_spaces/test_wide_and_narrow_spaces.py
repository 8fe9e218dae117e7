import pytest

from search_spaces import Prior, joint_controller, narrow, wide
from search_spaces.reading.searched import contains
from trainable.grpo.settings import GRPOSettings

SPACES = {"joint_controller": joint_controller, "narrow": narrow, "wide": wide}


@pytest.mark.parametrize("name", SPACES)
def test_what_everybody_starts_from_is_searched(name):
    for hyperparameter, distribution in SPACES[name].SPACE.items():
        assert contains(distribution, getattr(GRPOSettings(), hyperparameter))


def test_wide_holds_all_that_joint_controller_searches_and_a_belief_about_each():
    assert len(wide.SPACE) == 8
    assert joint_controller.SPACE.items() <= wide.SPACE.items()
    assert wide.PRIOR.keys() == wide.SPACE.keys()
    assert joint_controller.PRIOR.items() <= wide.PRIOR.items()


def test_narrow_lies_within_joint_controller():
    assert narrow.SPACE.keys() == joint_controller.SPACE.keys()
    for name, distribution in narrow.SPACE.items():
        outer = joint_controller.SPACE[name]
        assert outer.low <= distribution.low < distribution.high <= outer.high


def test_the_priors_are_what_was_written_down_before_they_were_tried_on_a_second_profile():
    centres = {name: prior.centre for name, prior in wide.PRIOR.items()}
    assert centres == {
        "lr": 5e-4,
        "group_size": 8,
        "budget_penalty": 2.0,
        "entropy_coefficient": 0.01,
        "batch_size": 16,
        "weight_decay": 0.01,
        "dropout": 0.1,
        "recipe": "default",
    }
    assert {prior.width for prior in wide.PRIOR.values()} == {0.2}
    assert narrow.PRIOR["lr"] == Prior(5e-4, 0.4)
