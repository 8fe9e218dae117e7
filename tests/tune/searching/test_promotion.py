"""Promoting ASHA: who pauses, who goes on, and that both follow from the record alone."""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from results.record.trial.promotions import Promotion
from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.contract import ARRIVAL, CHECKPOINTED, PAUSED, RUNG
from trainable.ranking import Objective, Row, read_constraint, read_objective
from tune.searching.promotion import PromotingASHA
from tune.searching.rungs import pausing_epochs

METRIC, EPOCHS = "Val/Height", 30
RUNGS = [3, 9]


def new_asha(trials: Iterable[TrialRecord] = (), objective: Objective | None = None) -> PromotingASHA:
    asha = PromotingASHA(objective or Objective((METRIC,), ("max",)), EPOCHS, grace_period=3, reduction_factor=3)
    asha.follow(trials)
    return asha


def row(epoch: int, value: float, arrival: int = 0) -> Row:
    return {contract.EPOCH: epoch, METRIC: value, ARRIVAL: arrival}


def pause(asha: PromotingASHA, number: int, value: float, epoch: int = 3) -> None:
    assert asha.reaches_rung(number, row(epoch, value))
    asha.wait(number)


def test_the_rungs_of_30_epochs_are_3_and_9_and_none_lies_just_before_the_end() -> None:
    assert pausing_epochs(30, 3, 3) == RUNGS  # 27 is within the last tenth
    assert pausing_epochs(27, 3, 3) == RUNGS
    assert pausing_epochs(12, 2, 2) == [2, 4, 8]
    assert pausing_epochs(1, 1, 3) == []
    assert pausing_epochs(10, 2, 1.5) == [2, 3, 5, 7]  # 2, 3, 4.5, 6.75, and 10.1 lies beyond


def test_a_trial_pauses_at_a_rung_and_nowhere_else() -> None:
    asha = new_asha()
    assert [asha.reaches_rung(1, row(epoch, 0.5)) for epoch in (1, 2, 3)] == [False, False, True]


def test_the_trial_with_the_starting_values_never_pauses_but_takes_part_in_the_rungs() -> None:
    asha = new_asha()
    assert not any(asha.reaches_rung(0, row(epoch, 0.9)) for epoch in range(1, EPOCHS + 1))
    for number in (1, 2):
        pause(asha, number, 0.1 * number)
    assert asha.next_promotion() is None  # the best third of three is one, and that is the first trial


def test_the_best_third_of_a_rung_goes_on_once_it_is_clear_who_they_are() -> None:
    asha = new_asha()
    pause(asha, 1, 0.5)
    pause(asha, 2, 0.7)
    assert asha.next_promotion() is None  # of two, none is a third
    pause(asha, 3, 0.6)
    assert asha.next_promotion() == 2
    asha.promote(2)
    assert asha.next_promotion() is None
    for number in (4, 5, 6):
        pause(asha, number, 0.1)
    assert asha.next_promotion() == 3  # of six two go on, and trial 3 has waited as the second


def test_the_highest_rung_comes_first() -> None:
    asha = new_asha()
    for number in range(1, 10):
        pause(asha, number, number / 10)  # the best: 9, 8, 7
    for number in (9, 8, 7):
        assert asha.next_promotion() == number
        asha.promote(number)
    pause(asha, 7, 0.75, epoch=9)
    pause(asha, 8, 0.95, epoch=9)
    for number in (10, 11, 12):
        pause(asha, number, 0.99)  # of twelve four go on: these three, and 9, who runs
    assert asha.next_promotion() == 10
    pause(asha, 9, 0.92, epoch=9)
    assert asha.next_promotion() == 8
    asha.promote(8)
    assert asha.next_promotion() == 10
    assert asha.waiting == [9, 7, 10, 11, 12, 6, 5, 4, 3, 2, 1]


def test_a_trial_is_judged_by_its_best_epoch_so_far() -> None:
    asha = new_asha()
    asha.reaches_rung(1, row(1, 0.9))
    pause(asha, 1, 0.2)
    pause(asha, 2, 0.8)
    pause(asha, 3, 0.7)
    assert asha.next_promotion() == 1


def test_a_trial_without_a_finite_value_waits_for_ever() -> None:
    asha = new_asha()
    for number in (1, 2, 3):
        pause(asha, number, float("nan"))
    assert asha.next_promotion() is None


def test_who_satisfies_no_constraint_waits_behind_who_does() -> None:
    objective = Objective((METRIC,), ("max",), (read_constraint("Val/Width <= 1"),))
    asha = new_asha(objective=objective)
    for number, value, width in ((1, 0.9, 2.0), (2, 0.5, 1.0), (3, 0.4, 1.0)):
        assert asha.reaches_rung(number, row(3, value) | {"Val/Width": width})
        asha.wait(number)
    assert asha.next_promotion() == 2


def test_a_row_that_comes_again_after_a_lost_worker_gets_the_same_answer() -> None:
    asha = new_asha()
    assert asha.reaches_rung(1, row(3, 0.5))
    assert asha.reaches_rung(1, row(3, 0.5))
    asha.wait(1)
    asha.promote(1)
    assert not asha.reaches_rung(1, row(4, 0.5))


@pytest.mark.parametrize(
    "objective",
    [
        read_objective(METRIC, "max"),
        read_objective(METRIC, "max", ["Val/Width <= 0.7"]),
        read_objective(f"{METRIC},Val/Width", "max,min", ["Val/Late <= 0.7"]),
    ],
    ids=["one objective", "under a constraint", "two objectives"],
)
def test_after_a_kill_at_any_moment_the_decisions_are_those_of_an_uninterrupted_sweep(objective: Objective) -> None:
    """Four workers; each decision is asked of the rule that has seen all, and of one built from the record."""
    chance = random.Random(0)
    curves = {number: [chance.random() for _ in range(EPOCHS)] for number in range(40)}
    rows: dict[int, list[Row]] = {}
    promotions: dict[int, list[Promotion]] = {}
    running: list[int] = []
    uninterrupted, arrival, promoted = new_asha(objective=objective), 0, 0
    while True:
        while len(running) < 4:
            number = uninterrupted.next_promotion()
            assert new_asha(recorded(rows, promotions), objective).next_promotion() == number
            if number is not None:
                promotions.setdefault(number, []).append(Promotion(len(rows[number]), arrival))
                uninterrupted.promote(number)
                promoted += 1
            elif len(rows) < len(curves):
                number = len(rows)
                rows[number] = []
            else:
                break
            running.append(number)
        if not running:
            break
        number = chance.choice(running)
        arrived = row(len(rows[number]) + 1, curves[number][len(rows[number])], arrival)
        arrived |= {"Val/Width": chance.random(), "Val/Late": chance.random()}
        pauses = uninterrupted.reaches_rung(number, arrived)
        assert new_asha(recorded(rows, promotions), objective).reaches_rung(number, arrived) == pauses
        rows[number].append(arrived | ({PAUSED: RUNG} if pauses else {}))
        arrival += 1
        if pauses:
            uninterrupted.wait(number)
        if pauses or len(rows[number]) == EPOCHS:
            running.remove(number)
    assert promoted >= 40 // 3 + 40 // 9 // 3


def recorded(rows: Mapping[int, Sequence[Row]], promotions: Mapping[int, Sequence[Promotion]]) -> list[TrialRecord]:
    nowhere = Path("nowhere")
    return [
        TrialRecord(number, nowhere, {}, tuple(map(unsaved, of_trial)), None, tuple(promotions.get(number, ())))
        for number, of_trial in rows.items()
    ]


def unsaved(one: Row) -> Row:
    """As a row of a trial of which no checkpoint is missed."""
    return one | {CHECKPOINTED: False}
