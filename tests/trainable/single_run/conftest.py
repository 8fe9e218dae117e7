"""One workplace for all tests of the command: each writes into an output folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from door import CORE_EXPERIMENT, make_workplace

from trainable.train_joint_controller import main


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workplace(tmp_path_factory.mktemp("single_run") / "workplace")


@pytest.fixture
def train_here(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command without a process of its own, on the little profile unless the flags say otherwise."""
    monkeypatch.chdir(workplace)

    def train(*flags: str) -> int:
        own = () if {"--results_dir", "--resume"} & set(flags) else ("--results_dir", CORE_EXPERIMENT)
        return main([*own, *flags])

    return train
