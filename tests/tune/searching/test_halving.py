"""ASHA that stops trials: the same decisions after a restart, and a first trial that is never stopped."""

import math
import random
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from ray.tune.schedulers import AsyncHyperBandScheduler, TrialScheduler

from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.contract import ARRIVAL
from trainable.ranking import Objective, read_objective
from tune.searching.halving import StoppingASHA
from tune.searching.rungs import rung_epochs

METRIC, EPOCHS = "Val/Height", 18


def new_rule(trials: Iterable[TrialRecord] = ()) -> StoppingASHA:
    rule = StoppingASHA(Objective((METRIC,), ("max",)), EPOCHS, grace_period=2, reduction_factor=3)
    rule.follow(trials)
    return rule


def row(epoch: int, value: float, arrival: int) -> dict[str, float]:
    return {contract.EPOCH: epoch, METRIC: value, ARRIVAL: arrival}


def recorded(rows: dict[int, list[dict[str, float]]]) -> list[TrialRecord]:
    return [TrialRecord(number, Path("nowhere"), {}, tuple(of_trial), None) for number, of_trial in rows.items()]


def test_after_a_restart_at_any_row_the_decisions_are_those_of_an_uninterrupted_sweep() -> None:
    chance = random.Random(0)
    curves = {number: [chance.random() for _ in range(EPOCHS)] for number in range(12)}
    uninterrupted = new_rule()
    rows: dict[int, list[dict[str, float]]] = {number: [] for number in curves}
    stopped, arrival = set(), 0
    for epoch in range(1, EPOCHS):
        for number in curves:
            if number in stopped:
                continue
            arrived = row(epoch, curves[number][epoch - 1], arrival)
            restarted = new_rule(recorded(rows))
            stops = uninterrupted.stops(number, arrived)
            assert restarted.stops(number, arrived) == stops
            rows[number].append(arrived)
            arrival += 1
            if stops:
                stopped.add(number)
    assert 4 <= len(stopped) < 12


def test_the_worst_first_trial_runs_to_its_end_and_a_worse_second_does_not() -> None:
    rule = new_rule()
    for number in range(2, 8):
        rule.stops(number, row(2, 0.5, number))
    assert not rule.stops(0, row(2, 0.1, 8))
    assert rule.stops(1, row(2, 0.1, 9))


def test_a_trial_that_is_to_stop_stops_also_when_its_worker_was_lost_and_the_epoch_comes_again() -> None:
    rule = new_rule()
    for number in range(2, 8):
        rule.stops(number, row(2, 0.5, number))
    for _ in range(2):
        assert rule.stops(1, row(2, 0.1, 8))


def test_a_trial_is_judged_by_its_best_epoch_so_far() -> None:
    rule = new_rule()
    for number in range(2, 8):
        rule.stops(number, row(2, 0.5, number))
    # Its second epoch is worse than everybody's, its first was better, and a score is that of the best epoch.
    rule.stops(1, row(1, 0.9, 8))
    assert not rule.stops(1, row(2, 0.1, 9))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_trial_without_a_finite_value_is_stopped_once_others_have_one_and_never_counts(value: float) -> None:
    rule = new_rule()
    assert not rule.stops(1, row(2, value, 0))  # alone so far
    for number in range(2, 6):
        assert not rule.stops(number, row(2, 0.5, number))
    assert rule.stops(1, row(3, value, 6))
    assert rule.stops(7, row(2, value, 7))


def test_a_first_value_that_is_no_number_does_not_hide_the_later_ones() -> None:
    rule = new_rule()
    for number in range(2, 6):
        rule.stops(number, row(2, 0.5, number))
    rule.stops(1, row(1, math.nan, 6))
    assert rule.stops(1, row(2, 0.1, 7))
    rule.stops(6, row(1, math.nan, 8))
    assert not rule.stops(6, row(2, 0.9, 9))


def test_with_two_objectives_a_trial_stops_that_is_beaten_in_both_and_goes_on_where_it_beats_the_others_in_one() -> (
    None
):
    rule = StoppingASHA(read_objective(f"{METRIC},Val/Width", "max,min"), EPOCHS, grace_period=2, reduction_factor=3)
    for number in range(2, 8):  # nobody beats another: the higher, the wider
        rule.stops(number, row(2, 0.1 * number, number) | {"Val/Width": number})
    assert rule.stops(1, row(2, 0.1, 8) | {"Val/Width": 9.0})
    assert rule.stops(8, row(2, 0.75, 9) | {"Val/Width": 9.0})  # the highest, but hardly, and the widest by far
    assert not rule.stops(9, row(2, 0.7, 10) | {"Val/Width": 1.0})


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize(("grace_period", "reduction_factor"), [(1, 2.0), (2, 3), (3, 2.0), (3, 2.5), (4, 4)])
def test_the_decisions_are_those_of_rays_asha(mode: str, grace_period: int, reduction_factor: float) -> None:
    """On curves that only get better, as Ray's judges by the newest value."""
    chance = random.Random(1)
    ours = StoppingASHA(Objective((METRIC,), (mode,)), EPOCHS, grace_period, reduction_factor)
    rays = AsyncHyperBandScheduler(
        time_attr=contract.EPOCH, metric=METRIC, mode=mode, max_t=EPOCHS, grace_period=grace_period,
        reduction_factor=reduction_factor,
    )  # fmt: skip
    trials = {number: SimpleNamespace(trial_id=f"{number}") for number in range(1, 40)}
    steps = {number: [chance.random() for _ in range(EPOCHS)] for number in trials}
    for trial in trials.values():
        rays.on_trial_add(None, trial)
    stopped, arrival = set(), 0
    for epoch in range(1, EPOCHS):
        for number, trial in trials.items():
            if number in stopped:
                continue
            value = sum(steps[number][:epoch]) * (1 if mode == "max" else -1)
            arrived = row(epoch, value, arrival)
            stops = ours.stops(number, arrived)
            assert stops == (rays.on_trial_result(None, trial, arrived) == TrialScheduler.STOP)
            arrival += 1
            if stops:
                stopped.add(number)
    assert 10 < len(stopped) < 39


def test_trials_are_judged_at_the_grace_period_and_at_each_multiple_of_the_factor() -> None:
    assert rung_epochs(30, 3, 2.0) == [3, 6, 12, 24]
    assert rung_epochs(27, 3, 3) == [3, 9, 27]
    assert rung_epochs(2, 2, 2.0) == [2]
