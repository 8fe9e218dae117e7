"""What a process that trains sets in torch, once and before its first run: the same seed then gives the same bits.

And what it asks of torch where only some runs use it: torch, which takes seconds to import, is not imported for that.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trainable.contract import BF16, FP32, TF32, UserError

if TYPE_CHECKING:
    from trainable.runs.protocol import WorkerContext

CONTEXT_MB = 512
"""What a process takes of a GPU besides what torch hands out: its context and loaded kernels. Assumed, not measured."""


def set_up_torch(context: "WorkerContext") -> None:
    """Fix the number of CPU threads and, on CUDA, choose deterministic algorithms, which it takes only when asked, the
    precision, and how much of a GPU this process may take, so that it cannot starve those beside it.

    To be called before the first computation on CUDA: cuBLAS reads its workspace's size then. Under bf16, whoever
    trains does so within `autocast`.

    Raises:
        UserError: a device cannot compute in that precision.
    """
    import torch

    torch.set_num_threads(context.num_threads)
    devices, precision = context.devices, context.precision
    require_precision(devices, precision)
    if torch.device(devices[0]).type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # Both ways: of its own, torch would let cuDNN's convolutions, but not products of matrices, compute in tf32.
    torch.set_float32_matmul_precision("high" if precision == TF32 else "highest")
    torch.backends.cudnn.allow_tf32 = precision == TF32
    if context.memory_share < 1:
        for device in devices:
            torch.cuda.set_per_process_memory_fraction(_part_of_memory(device, context.memory_share), device)


def require_precision(devices: Sequence[str], precision: str) -> None:
    """Refuse what a device does not compute in; NVIDIA's GPUs have tf32 and bf16 since Ampere.

    Raises:
        UserError: it would emulate the precision, or does not know it.
    """
    import torch

    if torch.device(devices[0]).type != "cuda":
        if precision == TF32:
            raise UserError(f"precision {TF32}: {devices[0]} has none, some GPUs do; give {BF16} or {FP32}")
        return
    for device in devices if precision != FP32 else ():
        with torch.cuda.device(device):
            has = torch.cuda.is_tf32_supported() if precision == TF32 else torch.cuda.is_bf16_supported(False)
        if not has:
            raise UserError(f"precision {precision}: {device_name(device)} does not compute in it; give {FP32}")


def _part_of_memory(device: str, share: float) -> float:
    """What torch may hand out of a share: the process's context is of the share, too, and torch does not count it."""
    import torch

    total_mb = torch.cuda.get_device_properties(device).total_memory / 2**20
    return max(share / 2, share - CONTEXT_MB / total_mb)


def autocast(device: str, precision: str) -> contextlib.AbstractContextManager[Any]:
    """Where a training's forward pass and its loss are computed: in 16 bits under bf16, else as they are."""
    import torch

    if precision != BF16:
        return contextlib.nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)


def chosen_device(wanted: str) -> str:
    """A device as torch writes it; for `auto` a GPU where there is one."""
    import torch

    return wanted if wanted != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def is_out_of_memory(error: BaseException) -> bool:
    """Of the machine or of a GPU."""
    on_cpu = isinstance(error, RuntimeError) and _NO_CPU_MEMORY in str(error)
    return isinstance(error, MemoryError) or is_out_of_gpu_memory(error) or on_cpu


def is_out_of_gpu_memory(error: BaseException) -> bool:
    """Whether torch has none to hand out, a library beside it, the driver for a new process, or JAX."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_GPU_MEMORY)


_NO_CPU_MEMORY = "DefaultCPUAllocator: can't allocate memory"
_NO_GPU_MEMORY = (
    "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED",
    "RESOURCE_EXHAUSTED: Out of memory",
)  # fmt: skip
"""As torch (2.13), and JAX in the last of them, say it in errors that have no type of their own."""


def is_device_failure(error: BaseException) -> bool:
    """A GPU that failed, to which every later call of this process would fail."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.AcceleratorError)


def device_name(device: str) -> str:
    """What a GPU calls itself, where this process uses torch; else the device as torch writes it."""
    torch = sys.modules.get("torch")
    return str(torch.cuda.get_device_name(device)) if torch and device != "cpu" else device
