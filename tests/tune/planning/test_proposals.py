"""What is known before a sweep begins is checked as a whole: its starting values, and settings to confirm."""

from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_trial
from quadratic_run import Quadratic, QuadraticSettings

from trainable.contract import SettingError, UserError
from trainable.runs.code_faults import CodeFault
from tune.planning.plan import Plan, plan_new
from tune.planning.proposals import why_refused
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin
from tune.request.command_line import parse_command_line


def planned(storage: Path, *flags: str) -> Plan:
    return plan_new(parse_command_line(["--storage_path", str(storage), *flags]))


def test_starting_values_that_cannot_be_together_are_refused_as_a_sweep_is_planned(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        planned(tmp_path, "--run", "quadratic_run:KIND", "--reach", ".15")
    assert str(refused.value) == (
        "no trial can have the starting values (target 0.1, rate 0.1): target and rate are 0.200 together; that must "
        "be at most 0.15"
    )


def test_what_check_says_of_a_fixed_setting_names_that_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(kind: Quadratic, settings: QuadraticSettings) -> None:
        raise SettingError("reach", f" is {settings.reach}; nothing lies that far")

    monkeypatch.setattr(Quadratic, "check", check)
    with pytest.raises(SettingError, match=r"^reach is inf; nothing lies that far$"):
        plan_new(parse_command_line(["--run", "quadratic_run:KIND"]))


class CheckedByALibrary(Quadratic):
    def check(self, settings: QuadraticSettings) -> None:
        raise ValueError("generation_batch_size (6) must be divisible\n by num_generations (4)")


class CheckedWrongly(Quadratic):
    def check(self, settings: QuadraticSettings) -> None:
        settings.target.divide(2)  # type: ignore[attr-defined]


def test_a_librarys_error_is_a_reason_and_a_fault_of_the_checks_own_is_told_as_that() -> None:
    reason = why_refused(CheckedByALibrary(), QuadraticSettings(), {"target": 0.2})
    assert reason == "generation_batch_size (6) must be divisible by num_generations (4)"
    with pytest.raises(CodeFault, match=r"the run's check raised AttributeError: .* \(.*test_proposals.py, line \d+\)"):
        why_refused(CheckedWrongly(), QuadraticSettings(), {"target": 0.2})


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """A search whose best trial its kind of run would refuse by now."""
    folder = begin(
        planned(tmp_path, "--run", "quadratic_run:KIND", "--reach", ".5", "--name", "searched")
    ).settings.folder
    for number, target in enumerate((0.1, 0.9)):
        trial = MadeUpTrial({"target": target, "rate": 0.1}, (target,))
        write_trial(folder / f"trial_{number:05d}", trial, "Val/Height")
    return folder


def test_a_setting_that_its_kind_refuses_by_now_is_not_confirmed(searched: Path) -> None:
    with pytest.raises(UserError) as refused:
        planned(searched.parent, "--confirm", "searched")
    assert str(refused.value) == (
        "no trial can have a setting of searched (target 0.9, rate 0.1): target and rate are 1.000 together; that must "
        "be at most 0.5"
    )


def test_a_sweep_with_a_trial_that_its_kind_refuses_by_now_goes_on(searched: Path) -> None:
    plan, _ = plan_resumed(parse_command_line(["--resume", "searched"]), searched)
    assert plan.why_refused({"target": 0.9, "rate": 0.1})
