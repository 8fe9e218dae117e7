"""Sweeps one after the other in a process that has a Ray already, as in a notebook."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from sweep_process import QUADRATIC, curves

from tune.engine.ray_environment import prepare_ray_environment
from tune.engine.resources import connect
from tune.run_sweep import main

FLAGS = (
    *QUADRATIC, "--num_samples", "8", "--num_epochs", "12", "--grace_period", "2", "--max_concurrent_trials", "1",
    "--wandb_mode", "disabled",
)  # fmt: skip


@pytest.fixture(scope="module")
def own_ray() -> Iterator[str]:
    """The node of a Ray that the process started itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "support"))
        prepare_ray_environment()
        connect(None)
    yield ray.get_runtime_context().get_node_id()
    ray.shutdown()


def test_each_leaves_the_record_of_a_sweep_in_its_own_process_and_ray_as_it_was(
    own_ray: str, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
    for name in ("first", "second"):
        assert main(["--storage_path", str(tmp_path), "--name", name, *FLAGS]) == 0
        assert curves(tmp_path / name) == curves(twin)
        assert ray.get_runtime_context().get_node_id() == own_ray
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)] == handlers


def test_beside_the_main_thread_a_sweep_runs_without_signals(
    own_ray: str, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    status = []
    thread = threading.Thread(
        target=lambda: status.append(main(["--storage_path", str(tmp_path), "--name", "aside", *FLAGS]))
    )
    thread.start()
    thread.join()
    assert status == [0]
    assert curves(tmp_path / "aside") == curves(twin)
