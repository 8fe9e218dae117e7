"""A sweep's repetition from its sweep.yaml, in a process that has a Ray already."""

import signal
from dataclasses import dataclass
from pathlib import Path

from sweep_here import ray_here, sweep_here

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@dataclass(frozen=True)
class Repeated:
    folder: Path
    keeps_handlers: bool
    """Whether the process heeded signals afterwards as it did before."""
    keeps_ray: bool


def repeat(sweep: Path, storage: Path) -> Repeated:
    """Under the name `again`."""
    ray_here()
    import ray

    def state() -> tuple[list[object], str]:
        return [signal.getsignal(number) for number in SIGNALS], ray.get_runtime_context().get_node_id()

    handlers, node = state()
    done = sweep_here(storage, "--config", sweep / "sweep.yaml", "--name", "again", "--wandb_mode", "disabled")
    assert done.returncode == 0, done.stderr
    handlers_after, node_after = state()
    return Repeated(storage / "again", handlers_after == handlers, node_after == node)
