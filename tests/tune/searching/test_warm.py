"""What a new sweep takes of earlier ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from made_up_sweep import DATA_OF_A_NEW_SWEEP, METRIC, OF_A_NEW_SWEEP, MadeUpTrial, write_sweep

from results.record.sweeps import SweepRecord, read_sweep
from results.record.warm_start import WarmStart, read_warm_start, write_warm_start
from trainable.ranking import Constraint, Objective
from tune.sampling.told import TrialState
from tune.searching.warm import MOST_FIRST, NewSweep, told_of, warm_start

FIXED = {"num_epochs": 3, "recipe": "default", "dropout": 0.1}
ROLES = {name: ["training"] for name in (*FIXED, "run")}

NEW = NewSweep(
    objective=Objective((METRIC,), ("max",)),
    fingerprint="made-up",
    inputs="",
    training={**FIXED, "lr": 5e-4, "width": 64},
    defaults={"dropout": 0.1, "width": 64},
    searched=("lr", "width"),
    holds=lambda hyperparameters: 0 < hyperparameters["lr"] <= 1,
    is_same_run=lambda run: run == "joint_controller",
    why_refused=lambda hyperparameters: "lr 0.66 is none" if hyperparameters["lr"] == 0.66 else "",
)


def earlier(folder: Path, trials: Sequence[MadeUpTrial], data: Mapping[str, Any] = {}, **settings: Any) -> SweepRecord:
    data = {**DATA_OF_A_NEW_SWEEP, **data, "roles": ROLES}
    return read_sweep(write_sweep(folder, trials, data, **{**OF_A_NEW_SWEEP, **FIXED, **settings}))


def tried(lr: float, *scores: float, **config: Any) -> MadeUpTrial:
    return MadeUpTrial({"lr": lr, **config}, scores, columns={"checkpointed": False})


def lrs(taken: WarmStart) -> tuple[list[float], list[float]]:
    """Of what the sampler is told, and of what is tried first."""
    return [trial.config["lr"] for trial in taken.told], [setting["lr"] for setting in taken.first]


def test_a_sweep_that_agrees_teaches_the_sampler_and_no_setting_is_tried_again(tmp_path: Path) -> None:
    old = earlier(tmp_path / "old", [tried(0.1, 0.5, 0.7, 0.6), tried(0.2, 0.4), tried(0.3, 0.3, 0.2)])
    rows = (old.folder / "trial_00001" / "result.json").read_text(encoding="utf-8")
    paused = rows.replace('"done": true', '"done": false, "paused": "rung"')
    (old.folder / "trial_00001" / "result.json").write_text(paused, encoding="utf-8")
    taken = warm_start([read_sweep(old.folder)], NEW)
    assert lrs(taken) == ([0.1, 0.2, 0.3], [])
    told = told_of(taken)
    assert [trial.state for trial in told] == [TrialState.COMPLETED, TrialState.PAUSED, TrialState.STOPPED]
    assert [trial.epochs for trial in told] == [3, 1, 2]
    assert [trial.best and trial.best[METRIC] for trial in told] == [0.7, 0.4, 0.3]
    assert taken.said == ("--warm_start old: 3 settings told to the sampler, with their scores",)


def test_what_was_not_searched_has_the_value_that_it_was_trained_with(tmp_path: Path) -> None:
    of_then = earlier(tmp_path / "of_then", [tried(0.1, 0.5)], width=32)
    of_a_version_without = earlier(tmp_path / "without", [tried(0.1, 0.5)])
    outside = earlier(tmp_path / "outside", [tried(7.0, 0.5)])
    told = warm_start([of_then, of_a_version_without, outside], NEW).told
    assert [trial.config for trial in told] == [
        {"lr": 0.1, "width": 32},
        {"lr": 0.1, "width": 64},
        {"lr": 7.0, "width": 64},  # of which the sampler learns what it can
    ]


def test_a_sweep_that_does_not_agree_gives_its_best_settings_and_says_why(tmp_path: Path) -> None:
    trials = [tried(0.1, 0.5), tried(0.2, 0.7), tried(0.3, 0.6)]
    other_data = earlier(tmp_path / "data", trials, {"fingerprint": "another", "summary": "7 cats"})
    taken = warm_start([other_data], NEW)
    assert lrs(taken) == ([], [0.2, 0.3, 0.1])
    assert taken.said == (
        "--warm_start data: 3 of 3 settings tried first, without their scores, since it ran on other data (7 cats)",
    )
    for name, settings, why in (
        ("epochs", {"num_epochs": 9}, "its trials have 9 epochs"),
        ("min", {"mode": "min"}, f"its trials are ranked by the min of {METRIC}"),
        ("run", {"run": "another"}, "it trained another"),
        ("fixed", {"recipe": "original"}, "recipe was original"),
    ):
        told = warm_start([earlier(tmp_path / name, trials, **settings)], NEW)
        assert not told.told
        assert len(told.first) == 3
        assert told.said[0].endswith(f"since {why}")
        assert (told.first[0]["lr"] == 0.1) == (name == "min")  # the best, as it was ranked then


def test_trials_of_one_sweep_differ_where_it_searched_what_is_fixed_now(tmp_path: Path) -> None:
    old = earlier(tmp_path / "old", [tried(0.1, 0.5, dropout=0.1), tried(0.2, 0.7, dropout=0.3)])
    taken = warm_start([old], NEW)
    assert lrs(taken) == ([0.1], [0.2])
    assert taken.said[0].endswith("1 of 1 setting tried first, without their scores, since dropout was 0.3")


def test_first_trials_are_few_in_turn_from_each_sweep_and_none_twice(tmp_path: Path) -> None:
    a, b = (
        earlier(tmp_path / name, [tried(lr, 1 - lr) for lr in of_sweep], num_epochs=9)
        for name, of_sweep in (("a", (0.1, 0.2, 0.3, 0.4)), ("b", (0.2, 0.15, 0.5, 5e-4)))
    )
    taken = warm_start([a, b], NEW)
    assert lrs(taken) == ([], [0.1, 0.2, 0.15, 0.3, 0.4])  # 5e-4 are the starting values, which the first trial has
    assert len(taken.first) == MOST_FIRST
    assert "4 of 4 settings tried first" in taken.said[0]
    assert "1 of 4 settings tried first" in taken.said[1]


def test_what_is_of_no_use_is_left_out_with_its_reason(tmp_path: Path) -> None:
    trials = [
        tried(0.1, 0.5),
        MadeUpTrial({"lr": 0.2}, (0.9,), ended=False),
        MadeUpTrial({"lr": 0.3}, (0.9,), ended=False, failure="diverged"),
        tried(7.0, 0.9),
        tried(0.66, 0.9),
    ]
    taken = warm_start([earlier(tmp_path / "old", trials, num_epochs=9)], NEW)
    assert lrs(taken) == ([], [0.1])
    for why in ("failed or without a score", "not finished", "outside of what is searched now", "lr 0.66 is none"):
        assert f"1 left out: {why}" in taken.said[0]


def test_a_setting_under_several_seeds_is_told_once_with_the_mean_of_those_that_ran_in_full(tmp_path: Path) -> None:
    trials = [
        tried(0.1, 0.5, 0.9, 0.5), tried(0.2, 0.4), tried(0.3, 0.1),
        tried(0.1, 0.5, 0.6, 0.7, seed=1), tried(0.2, 0.5, 0.6, 0.8, seed=1),
    ]  # fmt: skip
    taken = warm_start([earlier(tmp_path / "old", trials)], NEW)
    assert [(trial.config["lr"], trial.best[METRIC], trial.state) for trial in taken.told] == [
        (0.1, 0.8, "completed"),
        (0.3, 0.1, "stopped"),
        (0.2, 0.8, "completed"),  # the search had stopped it early
    ]


def test_what_was_taken_is_read_as_it_was_written(tmp_path: Path) -> None:
    taken = warm_start([earlier(tmp_path / "old", [tried(0.1, 0.5), tried(0.2, 0.5, dropout=0.4)])], NEW)
    assert taken.told
    assert taken.first
    write_warm_start(tmp_path, taken)
    assert read_warm_start(tmp_path) == taken
    assert read_warm_start(tmp_path / "old") == WarmStart()


def test_of_a_sweep_without_what_is_a_constraint_now_the_settings_are_of_use(tmp_path: Path) -> None:
    constrained = replace(NEW, objective=replace(NEW.objective, constraints=(Constraint("Val/Late", "<=", 0.1),)))
    taken = warm_start([earlier(tmp_path / "old", [tried(0.1, 0.5)])], constrained)
    assert lrs(taken) == ([], [0.1])
    assert taken.said[0].endswith("since its epochs lack Val/Late")
