"""ASHA from the record: the same decisions after a restart, and a first trial that is never stopped."""

import random
from pathlib import Path
from types import SimpleNamespace

from ray.tune.schedulers import TrialScheduler

from results.record.sweeps import TrialRecord
from trainable import contract
from tune.engine.scheduler import ARRIVAL, RebuiltASHA

METRIC, EPOCHS = "Val/Height", 18


def new_scheduler() -> RebuiltASHA:
    return RebuiltASHA(METRIC, "max", EPOCHS, grace_period=2, reduction_factor=3)


def ray_trial(number: int) -> SimpleNamespace:
    """What Ray hands to a scheduler, as far as it is read: every session gives it another id."""
    folder = contract.trial_folder_name(number)
    return SimpleNamespace(trial_id=f"{random.random()}", storage=SimpleNamespace(trial_dir_name=folder))


def row(epoch: int, value: float, arrival: int) -> dict[str, float]:
    return {contract.EPOCH: epoch, METRIC: value, ARRIVAL: arrival}


def recorded(rows: dict[int, list[dict[str, float]]]) -> list[TrialRecord]:
    return [TrialRecord(number, Path("nowhere"), {}, tuple(of_trial), None) for number, of_trial in rows.items()]


def test_after_a_restart_at_any_row_the_decisions_are_those_of_an_uninterrupted_sweep() -> None:
    chance = random.Random(0)
    curves = {number: [chance.random() for _ in range(EPOCHS)] for number in range(12)}
    uninterrupted = new_scheduler()
    rows: dict[int, list[dict[str, float]]] = {number: [] for number in curves}
    stopped, arrival = set(), 0
    for epoch in range(1, EPOCHS):
        for number in curves:
            if number in stopped:
                continue
            arrived = row(epoch, curves[number][epoch - 1], arrival)
            restarted = new_scheduler()
            restarted.replay(recorded(rows))
            decision = uninterrupted.on_trial_result(None, ray_trial(number), arrived)
            assert restarted.on_trial_result(None, ray_trial(number), arrived) == decision
            rows[number].append(arrived)
            arrival += 1
            if decision == TrialScheduler.STOP:
                stopped.add(number)
    assert 4 <= len(stopped) < 12


def test_the_worst_first_trial_runs_to_its_end_and_a_worse_second_does_not() -> None:
    scheduler = new_scheduler()
    for number in range(2, 8):
        scheduler.on_trial_result(None, ray_trial(number), row(2, 0.5, number))
    assert scheduler.on_trial_result(None, ray_trial(0), row(2, 0.1, 8)) == TrialScheduler.CONTINUE
    assert scheduler.on_trial_result(None, ray_trial(1), row(2, 0.1, 9)) == TrialScheduler.STOP


def test_a_trial_is_judged_by_its_best_epoch_so_far() -> None:
    scheduler = new_scheduler()
    for number in range(2, 8):
        scheduler.on_trial_result(None, ray_trial(number), row(2, 0.5, number))
    # Its second epoch is worse than everybody's, its first was better, and a score is that of the best epoch.
    scheduler.on_trial_result(None, ray_trial(1), row(1, 0.9, 8))
    assert scheduler.on_trial_result(None, ray_trial(1), row(2, 0.1, 9)) == TrialScheduler.CONTINUE
