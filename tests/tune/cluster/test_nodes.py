"""How many trials fit on the nodes of a cluster."""

import pytest

from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node, fitting


def node(name: str, cpus: float, gpus: float) -> Node:
    return Node(name, name, "127.0.0.1", cpus, gpus)


TWO_OF_TWO = (node("a", 8, 2), node("b", 8, 2))


@pytest.mark.parametrize(
    ("cpus", "gpus", "fit"),
    [
        pytest.param(1, 3, 0, id="no trial spans two nodes"),
        pytest.param(1, 2, 2, id="a node's cards together"),
        pytest.param(0.5, 0.2, 20, id="five fifths on each card"),
        pytest.param(0.5, 0.3, 12, id="a share lies on one card"),
        pytest.param(3, 0.5, 4, id="as many as the cores let"),
        pytest.param(1, 0, 16, id="without a GPU"),
        pytest.param(0.1, 0, 160, id="tenths of a core"),
    ],
)
def test_as_many_trials_fit_as_ray_would_place(cpus: float, gpus: float, fit: int) -> None:
    assert fitting(TWO_OF_TWO, cpus, gpus) == fit


def test_a_head_without_cores_takes_no_trial_and_a_node_set_aside_none_either() -> None:
    there = (node("head", 0, 0), *TWO_OF_TWO)
    assert Allotment(1, 1).room(there) == 4
    assert Allotment(1, 1, set_aside=frozenset({"b"})).room(there) == 2
    assert Allotment(1, 1, max_concurrent_trials=3).room(there) == 3
    assert Allotment(1, 1, max_concurrent_trials=30).room((*there, node("c", 8, 2))) == 6
