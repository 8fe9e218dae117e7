import subprocess
import sys

import pytest
import torch

from trainable.contract import BF16, TF32, UserError
from trainable.runs import WorkerContext
from trainable.torch_process import autocast, is_out_of_memory, set_up_torch

CODE = """
import os, torch
from trainable.runs import WorkerContext
from trainable.torch_process import set_up_torch
for device in ("cpu", "cuda"):
    set_up_torch(WorkerContext(3, (device,), 1.0))
    deterministic = torch.are_deterministic_algorithms_enabled()
    tf32 = torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32
    print(torch.get_num_threads(), deterministic, os.environ.get("CUBLAS_WORKSPACE_CONFIG"), tf32)
"""
ON_A_SHARE = """
import torch
from trainable.runs import WorkerContext
from trainable.torch_process import set_up_torch
set_up_torch(WorkerContext(1, ("cuda:0",), 0.25))
total = torch.cuda.get_device_properties(0).total_memory
kept = torch.empty(int(total * 0.1), dtype=torch.uint8, device="cuda:0")
try:
    torch.empty(int(total * 0.2), dtype=torch.uint8, device="cuda:0")
except torch.OutOfMemoryError:
    print("refused")
"""
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def said_by(code: str) -> list[str]:
    """By a process of its own: what is set up holds for a whole process."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def set_up_for() -> dict[str, str]:
    """What a process has after the call for a device."""
    return dict(zip(("cpu", "cuda"), said_by(CODE), strict=True))


def test_a_process_trains_on_as_many_threads_as_it_was_given(set_up_for):
    assert set_up_for["cpu"].startswith("3 False None")


def test_on_cuda_the_same_seed_gives_the_same_bits(set_up_for):
    # where torch has a kernel whose order of additions varies, this makes it take another or raise
    assert set_up_for["cuda"].startswith("3 True :4096:8")


def test_32_bits_are_32_bits_in_convolutions_too(set_up_for):
    assert set_up_for["cuda"].endswith("False")


@needs_gpu
def test_a_share_of_a_gpu_is_a_share_of_its_memory():
    assert said_by(ON_A_SHARE) == ["refused"]


def test_a_device_that_cannot_compute_in_a_precision_is_refused_in_a_sentence():
    with pytest.raises(UserError, match=r"^precision tf32: cpu has none, some GPUs do; give bf16 or fp32$"):
        set_up_torch(WorkerContext(torch.get_num_threads(), ("cpu",), 1.0, precision=TF32))


def test_within_autocast_products_have_16_bits_and_weights_stay_as_they_are():
    layer, row = torch.nn.Linear(3, 2), torch.ones(1, 3)
    with autocast("cpu", BF16):
        assert (layer(row).dtype, layer.weight.dtype) == (torch.bfloat16, torch.float32)
    with autocast("cpu", TF32):
        assert layer(row).dtype == torch.float32


def test_a_tensor_beyond_the_machines_memory_is_out_of_memory_and_no_error_of_the_code():
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**15)
    assert is_out_of_memory(refused.value)
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))
