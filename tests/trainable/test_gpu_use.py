"""What is measured of a GPU while a trial has it to itself."""

import time

import pytest
import torch

from trainable.runs.gpu_use import SECONDS_BETWEEN_LOOKS, measured

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda:0", marks=needs_gpu)])
def test_what_is_measured_gives_what_it_gave(device: str) -> None:
    given, use = measured(lambda: 3, device)
    assert (given, use is None) == (3, device == "cpu")


def test_a_gpu_that_torch_does_not_have_cannot_be_measured() -> None:
    """As one that Ray has only been told of."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert measured(lambda: 3, "cuda:0") == (3, None)


@needs_gpu
def test_a_tensor_that_was_there_for_a_moment_is_in_the_peak() -> None:
    def step() -> None:
        tensor = torch.ones(2**28, dtype=torch.uint8, device="cuda:0")  # 256 MB
        del tensor
        time.sleep(2 * SECONDS_BETWEEN_LOOKS)

    _, use = measured(step, "cuda:0")
    assert use is not None
    assert 256 <= use.peak_mb <= use.total_mb
    assert use.gpu == torch.cuda.get_device_name(0)
