"""What benchmarks/resume_fidelity.py counts, on faults that are planted."""

from itertools import islice

from fidelity.comparison import decisions, faults, repetition
from fidelity.kills import schedule
from fidelity.logged_run import TrainedEpoch, true_metric

A, B, C = (0.1, 0.5), (0.2, 0.5), (0.3, 0.5)


def log(*trained: tuple[tuple[float, float], int]) -> list[TrainedEpoch]:
    return [TrainedEpoch(*trial, epoch, seconds=0.5, pid=1) for trial, epoch in trained]


def test_lost_doubled_and_changed_epochs_are_counted() -> None:
    trained = log(*((A, epoch) for epoch in (1, 2, 3, 4)), (B, 1), (B, 2))
    shown = {A: [(1, 0.1), (2, 0.2), (2, 0.2), (4, 0.5)]}  # without epoch 3, with 2 twice, another value at 4; no B

    counted = faults(trained, shown, lambda trial, epoch: epoch / 10)

    assert counted == {"lost": 1 + 2, "doubled": 1, "changed": 1}


def test_a_view_that_holds_every_epoch_in_single_precision_has_no_fault() -> None:
    trained = log(*((A, epoch) for epoch in (1, 2, 3)))
    third = 1 / 3
    shown = {A: [(epoch, 0.3333333432674408) for epoch in (1, 2, 3)]}  # 1/3 as TensorBoard's 32 bits hold it

    assert faults(trained, shown, lambda trial, epoch: third).total() == 0


def test_the_curve_that_others_are_held_against_is_that_of_the_training_itself() -> None:
    assert true_metric(A, 7, 1) != true_metric(A, 8, 1)
    assert true_metric(A, 7, 3) == true_metric(A, 7, 3)


def test_decisions_are_held_against_those_of_the_twin() -> None:
    twin = log((A, 1), (A, 2), (B, 1), (B, 2))
    killed = log((A, 1), (C, 1), (B, 1), (B, 1))  # A stopped early, C proposed in B's place, B stopped early

    counted = decisions(killed, twin)

    assert counted["proposals that differ"] == 2  # the second, and a third that the twin does not have
    assert (counted["trials of another length"], counted["trials that the twin has too"]) == (2, 2)


def test_what_is_trained_again_is_counted_with_its_seconds() -> None:
    counted, seconds = repetition(log((A, 1), (A, 2), (A, 2), (A, 3), (A, 2)))

    assert (counted["epochs"], counted["epochs trained again"], seconds) == (3, 2, 1.0)


def test_kills_are_a_function_of_the_seed() -> None:
    def kills(seed: int) -> list[object]:
        return list(islice(schedule(seed), 20))

    assert kills(3) == kills(3) != kills(4)
