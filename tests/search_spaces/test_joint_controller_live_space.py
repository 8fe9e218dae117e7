from search_spaces import joint_controller
from search_spaces.choose import load_space
from trainable.grpo.settings import GRPOSettings


def test_groups_are_small_and_all_else_is_as_without_a_running_model():
    space = dict(load_space("joint_controller_live").distributions)
    group_size = space.pop("group_size")
    assert (group_size.low, group_size.high) == (2, 8)
    assert group_size.low <= GRPOSettings().group_size <= group_size.high
    assert space == {name: one for name, one in joint_controller.SPACE.items() if name != "group_size"}
