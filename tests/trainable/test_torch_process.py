import subprocess
import sys

import pytest

CODE = """
import os, torch
from trainable.torch_process import set_up_torch
for device in ("cpu", "cuda"):
    set_up_torch(3, device)
    deterministic = torch.are_deterministic_algorithms_enabled()
    print(torch.get_num_threads(), deterministic, os.environ.get("CUBLAS_WORKSPACE_CONFIG"))
"""


@pytest.fixture(scope="module")
def set_up_for() -> dict[str, str]:
    """What a process of its own has after the call for a device: these settings hold for a whole process."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, encoding="utf-8", check=True)
    return dict(zip(("cpu", "cuda"), done.stdout.splitlines(), strict=True))


def test_a_process_trains_on_as_many_threads_as_it_was_given(set_up_for):
    assert set_up_for["cpu"] == "3 False None"


def test_on_cuda_the_same_seed_gives_the_same_bits(set_up_for):
    # where torch has a kernel whose order of additions varies, this makes it take another or raise
    assert set_up_for["cuda"] == "3 True :4096:8"
