"""Sweeps in a process that has a Ray already, as in a notebook."""

import threading
from pathlib import Path

from repeated_sweep import Repeated
from sweep_here import sweep_here
from sweep_process import QUADRATIC, curves


def test_one_after_the_other_they_leave_the_same_record_and_ray_and_signals_as_they_were(
    quadratic_sweep: tuple[Path, str], repeated_sweep: Repeated
) -> None:
    """As that of a process of its own: test_local_ray.py."""
    assert curves(repeated_sweep.folder) == curves(quadratic_sweep[0])
    assert repeated_sweep.keeps_handlers
    assert repeated_sweep.keeps_ray


def test_beside_the_main_thread_a_sweep_runs_without_signals(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    flags = ("--num_samples", 2, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    finished = []

    def run() -> None:
        finished.append(sweep_here(tmp_path, "--name", "aside", *QUADRATIC, *flags, "--wandb_mode", "disabled"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert [done.returncode for done in finished] == [0]
    of_twin = curves(quadratic_sweep[0])
    assert curves(tmp_path / "aside") == {name: of_twin[name] for name in ("trial_00000", "trial_00001")}
