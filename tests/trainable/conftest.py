"""The shipped profile and a small one, each read once; one thread: the same numbers whatever the number of cores."""

import pytest
import torch
from grpo_runs import data_of
from profiles import write_profile

from trainable.grpo.controller_data import ControllerData
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shipped(one_thread: None) -> ControllerData:
    return KIND.prepare(GRPOSettings())


@pytest.fixture(scope="session")
def small(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> ControllerData:
    return data_of(write_profile(tmp_path_factory.mktemp("profile")))
