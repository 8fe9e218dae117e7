"""What a process that trains sets in torch, once and before its first run: the same seed then gives the same bits."""

import os

import torch


def set_up_torch(num_threads: int, device: str) -> None:
    """Fix the number of CPU threads and, on CUDA, choose deterministic algorithms, which it takes only when asked.

    To be called before the first computation on CUDA: cuBLAS reads its workspace's size then.
    """
    torch.set_num_threads(num_threads)
    if torch.device(device).type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
