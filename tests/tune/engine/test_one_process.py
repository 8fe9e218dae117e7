"""Sweeps in a process that has a Ray already, as in a notebook."""

import signal
import threading
from pathlib import Path

import ray
from sweep_here import sweep_here
from sweep_process import QUADRATIC, curves, run_sweep

FLAGS = (
    *QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1,
    "--wandb_mode", "disabled",
)  # fmt: skip


def test_one_after_the_other_they_leave_the_records_of_processes_of_their_own_and_ray_and_signals_as_they_were(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    alone = run_sweep(tmp_path, "--name", "alone", *FLAGS)
    assert alone.returncode == 0, alone.stderr
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    handlers, node = [signal.getsignal(number) for number in signals], ray.get_runtime_context().get_node_id()

    here = sweep_here(tmp_path, "--name", "here", *FLAGS)

    assert here.returncode == 0, here.stderr
    assert curves(quadratic_sweep[0]) == curves(tmp_path / "here") == curves(tmp_path / "alone")
    assert [signal.getsignal(number) for number in signals] == handlers
    assert ray.get_runtime_context().get_node_id() == node


def test_beside_the_main_thread_a_sweep_runs_without_signals(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    finished = []
    thread = threading.Thread(target=lambda: finished.append(sweep_here(tmp_path, "--name", "aside", *FLAGS)))
    thread.start()
    thread.join()
    assert [done.returncode for done in finished] == [0]
    assert curves(tmp_path / "aside") == curves(quadratic_sweep[0])
