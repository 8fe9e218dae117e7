"""The shipped profile, read once, and one thread, so that numbers are the same on every machine's core count."""

import pytest
import torch

from trainable.grpo_run import ControllerData
from trainable.grpo_settings import GRPOSettings
from trainable.joint_controller import KIND


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shipped(one_thread: None) -> ControllerData:
    return KIND.prepare(GRPOSettings())
