"""Clusters that bring nodes by themselves."""

import pytest
from sweep_here import ray_here

from tune.cluster.allotment import Allotment
from tune.cluster.autoscaling import cannot_be_brought, is_autoscaled
from tune.cluster.nodes import Node

HEAD, A = Node("hhhh", "head", "10.0.0.9", 0, 0), Node("aaaa", "a", "10.0.0.1", 8, 2)


def test_a_ray_of_one_machine_is_not_autoscaled() -> None:
    ray_here()
    assert not is_autoscaled()
    assert not cannot_be_brought(1, 8)


@pytest.mark.parametrize(
    ("there", "most", "room"),
    [
        ((HEAD,), None, 1),  # somebody has to wait, or no node is started
        ((HEAD, A), None, 4),  # two fit, and two wait for a further node like it
        ((HEAD, A), 16, 16),  # as many as the user wants
    ],
)
def test_trials_wait_for_the_nodes_that_an_autoscaler_is_to_start(
    there: tuple[Node, ...], most: int | None, room: int
) -> None:
    assert Allotment(1, 1.0, most, is_autoscaled=True).room(there) == room


def test_none_waits_where_no_node_comes() -> None:
    assert Allotment(1, 1.0).room([HEAD]) == 0
    assert Allotment(1, 1.0, 16).room([HEAD, A]) == 2
