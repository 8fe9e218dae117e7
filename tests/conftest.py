"""Real sweeps, run once and read by many tests."""

from pathlib import Path

import pytest
from sweep_process import QUADRATIC, run_sweep


@pytest.fixture(scope="session")
def digit_sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A small sweep of the real thing on the shipped profile: its folder and what it printed."""
    storage = tmp_path_factory.mktemp("sweeps")
    finished = run_sweep(storage, "--name", "a", "--num_samples", 4, "--num_epochs", 5, "--grace_period", 5)
    assert finished.returncode == 0, finished.stderr
    return storage / "a", finished.stdout


@pytest.fixture(scope="session")
def quadratic_sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An uninterrupted sweep of the quadratic run, one trial at a time, some stopped early."""
    storage = tmp_path_factory.mktemp("sweeps")
    finished = run_sweep(
        storage, "--name", "twin", *QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2,
        "--max_concurrent_trials", 1,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return storage / "twin", finished.stdout
