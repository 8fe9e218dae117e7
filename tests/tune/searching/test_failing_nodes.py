"""When a node is set aside, and when its trials or the sweep are at fault instead."""

import random

from tune.searching.failing_nodes import BadNode, FailingNodes

ALL = ("a", "b", "c")


def test_three_failures_in_a_row_where_two_trials_elsewhere_do_well() -> None:
    # (0 + 1) / (2 + 0 + 2) = 1/4 for a failure, 1/64 for three, and 3/64 = 0.047 for such a streak among 3 trials
    heard = FailingNodes()
    heard.failed(0, "a", 1)
    heard.failed(1, "a", 1)
    for trial in (10, 11):
        heard.did_epoch(trial, "b", 1)
    assert heard.bad_node(ALL) is None
    heard.failed(2, "a", 1)
    assert heard.bad_node(ALL) == BadNode("a", (0, 1, 2), 2, 0)


def test_one_that_does_well_elsewhere_is_too_few_for_three_failures() -> None:
    # 1/3 for a failure: 3/27 = 0.11 for three, 4/81 = 0.049 for four
    heard = FailingNodes()
    for trial in (0, 1, 2):
        heard.failed(trial, "a", 1)
    heard.did_epoch(10, "b", 1)
    assert heard.bad_node(ALL) is None
    heard.failed(3, "a", 1)
    assert heard.bad_node(ALL)


def test_eight_failures_in_a_row_where_nobody_knows_of_others() -> None:
    # 1/2 for a failure: 7/128 = 0.055 for seven, 8/256 = 0.031 for eight
    heard = FailingNodes()
    for trial in range(7):
        heard.failed(trial, "a", 1)
    assert heard.bad_node(ALL) is None
    heard.failed(7, "a", 1)
    assert heard.bad_node(ALL)


def test_a_node_that_breaks_after_a_thousand_good_trials_is_seen_after_three() -> None:
    heard = FailingNodes()
    for trial in range(1_000):
        heard.did_epoch(trial, ALL[trial % 3], 1)
        heard.ended_well(ALL[trial % 3])
    for trial in range(1_000, 1_003):
        assert heard.bad_node(ALL) is None
        heard.failed(trial, "a", 1)
    heard.did_epoch(1_003, "b", 1)
    assert heard.bad_node(ALL)


def test_a_trial_that_ends_well_there_clears_the_node() -> None:
    heard = FailingNodes()
    for trial in (0, 1):
        heard.failed(trial, "a", 1)
    heard.ended_well("a")
    for trial in range(10, 20):
        heard.did_epoch(trial, "b", 1)
    heard.failed(2, "a", 1)
    heard.failed(3, "a", 1)
    assert heard.bad_node(ALL) is None


def test_a_trial_that_fails_again_and_again_is_one() -> None:
    heard = FailingNodes()
    for trial in range(10, 20):
        heard.did_epoch(trial, "b", 1)
    for _ in range(9):
        heard.failed(0, "a", 1)
    assert heard.bad_node(ALL) is None


def test_those_elsewhere_must_have_come_beyond_the_epoch_since() -> None:
    heard = FailingNodes()
    for trial in range(10, 20):
        heard.did_epoch(trial, "b", 30)  # before anything failed
    for trial in (0, 1, 2):
        heard.failed(trial, "a", 20)
    for trial in range(20, 30):
        heard.did_epoch(trial, "b", 19)
    assert heard.bad_node(ALL) is None
    for trial in range(20, 30):
        heard.did_epoch(trial, "b", 20)
    assert heard.bad_node(ALL)


def test_a_card_of_many_that_is_broken_sets_its_node_aside_while_trials_run_on_the_others() -> None:
    heard = FailingNodes()
    for trial in range(7):
        heard.did_epoch(trial, "a", 1)
        heard.did_epoch(10 + trial, "b", 1)
    for trial in (20, 21, 22):
        heard.failed(trial, "a", 1)
        heard.did_epoch(trial - 10, "b", 2)
        heard.did_epoch(0, "a", trial)
    assert heard.bad_node(ALL) == BadNode("a", (20, 21, 22), 3, 0)


def test_a_bug_that_all_nodes_suffer_from_sets_none_aside() -> None:
    drawn = random.Random(7)
    heard = FailingNodes()
    for trial in range(300):
        heard.failed(trial, drawn.choice(ALL), 1)
        assert heard.bad_node(ALL) is None


def test_settings_that_fail_one_trial_in_three_set_aside_no_node_in_most_sweeps() -> None:
    # By chance one sweep in ten loses a node.
    lost = sum(_loses_a_node(random.Random(seed)) for seed in range(100))
    assert lost <= 10


def _loses_a_node(drawn: random.Random) -> bool:
    heard = FailingNodes()
    for trial in range(200):
        node = drawn.choice(ALL)
        if drawn.random() < 1 / 3:
            heard.failed(trial, node, 1)
        else:
            heard.did_epoch(trial, node, 1)
            heard.ended_well(node)
        if heard.bad_node(ALL):
            return True
    return False


def test_the_last_node_is_never_set_aside() -> None:
    heard = FailingNodes()
    for trial in range(100):
        heard.failed(trial, "a", 1)
    assert heard.bad_node(["a"]) is None
    assert heard.bad_node(["b", "c"]) is None


def test_what_is_remembered_of_10_000_trials_has_a_bound() -> None:
    heard = FailingNodes()
    for trial in range(10_000):
        heard.did_epoch(trial, "b", 1)
        heard.failed(trial, "c", 1)
        heard.ended_well("c")
    assert len(heard._came_to) == len(heard._failed) == 1_000
