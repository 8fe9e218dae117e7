import subprocess
import sys

CODE = """
import os, torch
from trainable.torch_process import set_up_torch
set_up_torch(3, {device!r})
print(torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), os.environ.get("CUBLAS_WORKSPACE_CONFIG"))
"""


def set_up_for(device: str) -> str:
    """What a process of its own has after the call: these settings hold for a whole process."""
    command = [sys.executable, "-c", CODE.format(device=device)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def test_a_process_trains_on_as_many_threads_as_it_was_given():
    assert set_up_for("cpu") == "3 False None"


def test_on_cuda_the_same_seed_gives_the_same_bits():
    # where torch has a kernel whose order of additions varies, this makes it take another or raise
    assert set_up_for("cuda") == "3 True :4096:8"
