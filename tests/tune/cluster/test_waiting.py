"""Why a trial does not run, in words."""

from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node
from tune.cluster.waiting import Free, in_words

HEAD = Node("hhhh", "head", "10.0.0.9", 0, 0)
A, B = Node("aaaa", "a", "10.0.0.1", 8, 2), Node("bbbb", "b", "10.0.0.2", 8, 4)
THERE = (HEAD, A, B)


def test_who_holds_the_gpus_is_said() -> None:
    # Of 2 + 4 GPUs none is free; two trials of this sweep hold 1 each, so others hold 4.
    free = {A.id: Free(7, 0), B.id: Free(5, 0)}
    assert in_words([7], 2, Allotment(1, 1.0), THERE, free) == (
        "trial 7 waits for 1 CPU core and 1 GPU: the 2 nodes on which a trial fits have 6 GPUs, of which this sweep's "
        "other trials hold 2 and others hold 4"
    )


def test_cores_are_told_where_it_is_them_that_lack() -> None:
    # B alone has 4 cores and more; 2 of its 8 are free, and one trial of ours holds 4: others hold 2.
    free = {A.id: Free(0, 2), B.id: Free(2, 3)}
    aside = Allotment(4, 0.5, set_aside=frozenset({A.id}))
    assert in_words([3, 5], 1, aside, THERE, free) == (
        "trials 3 and 5 wait for 4 CPU cores and 0.5 GPU: the 1 node on which a trial fits has 8 CPU cores, of which "
        "this sweep's other trials hold 4 and others hold 2"
    )


def test_what_no_node_has_is_named_with_what_the_best_has() -> None:
    assert in_words([*range(9)], 0, Allotment(1, 8.0), THERE, {}) == (
        "9 trials (the first: 0) wait for 1 CPU core and 8 GPUs, which no node has: the best, node b (10.0.0.2), has 8 "
        "CPU cores and 4 GPUs"
    )
