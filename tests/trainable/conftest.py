"""The shipped profile and a small one, each read once; one thread: the same numbers whatever the number of cores."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from grpo_runs import data_of, trial_of_two_epochs
from made_once import made_once
from profiles import write_profile
from shipped_store import Measured, measure_killed_once

from trainable.grpo.controller_data import ControllerData
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What else is measured on this machine is not waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainable.measuring.device_lock.LOCKS", tmp_path_factory.mktemp("locks"))
        yield


@pytest.fixture(scope="session")
def shipped(one_thread: None) -> ControllerData:
    return KIND.prepare(GRPOSettings())


@pytest.fixture(scope="session")
def trial(shipped: ControllerData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trial's folder with one checkpoint, of epoch 2 on the shipped profile, and a file with its score."""
    return made_once(tmp_path_factory, "trial_00000", partial(trial_of_two_epochs, shipped))


@pytest.fixture(scope="session")
def small(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> ControllerData:
    return data_of(write_profile(tmp_path_factory.mktemp("profile")))


@pytest.fixture(scope="session")
def measured(one_thread: None, own_locks: None, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """A small store of the shipped model."""
    return made_once(tmp_path_factory, "measured", measure_killed_once)
