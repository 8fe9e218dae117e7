"""The comparison, as a user runs it."""

import subprocess
import sys
from pathlib import Path

from sweep_process import ROOT


def compare(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "results/compare_trials.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_two_sweeps_are_shown_one_after_the_other(
    digit_sweep: tuple[Path, str], quadratic_sweep: tuple[Path, str]
) -> None:
    shown = compare(digit_sweep[0], quadratic_sweep[0])
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.index("Sweep a") < shown.stdout.index("Sweep twin")
    assert shown.stdout.count("starting values") == 4  # one mark in each table, one line of gain for each


def test_a_sweep_is_found_by_its_name(digit_sweep: tuple[Path, str]) -> None:
    shown = compare("a", "--storage_path", digit_sweep[0].parent)
    assert shown.returncode == 0, shown.stderr
    assert "Best: trial" in shown.stdout


def test_a_sweep_that_does_not_exist_gets_one_sentence() -> None:
    shown = compare("nowhere")
    assert shown.returncode == 2
    assert "no sweep 'nowhere' in" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
