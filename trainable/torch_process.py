"""What a process that trains sets in torch, once and before its first run: the same seed then gives the same bits.

And what it asks of torch where only some runs use it: torch, which takes seconds to import, is not imported for that.
"""

import os
import sys


def set_up_torch(num_threads: int, device: str) -> None:
    """Fix the number of CPU threads and, on CUDA, choose deterministic algorithms, which it takes only when asked.

    To be called before the first computation on CUDA: cuBLAS reads its workspace's size then.
    """
    import torch

    torch.set_num_threads(num_threads)
    if torch.device(device).type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def chosen_device(wanted: str) -> str:
    """A device as torch writes it; for `auto` a GPU where there is one."""
    import torch

    return wanted if wanted != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def is_out_of_memory(error: BaseException) -> bool:
    """Of the machine or of a GPU."""
    torch = sys.modules.get("torch")
    return isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))


def is_device_failure(error: BaseException) -> bool:
    """A GPU that failed, to which every later call of this process would fail."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.AcceleratorError)


def device_name(device: str) -> str:
    """What a GPU calls itself, where this process uses torch; else the device as torch writes it."""
    torch = sys.modules.get("torch")
    return str(torch.cuda.get_device_name(device)) if torch and device != "cpu" else device
