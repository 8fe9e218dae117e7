"""Small GRPO runs, and what can be compared of them."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trainable import contract
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import CHECKPOINT_FILE, ControllerData, GRPORun
from trainable.grpo.settings import GRPOSettings

QUICK = GRPOSettings(lr=1e-2, batch_size=5, hidden_size=8, budget_penalty=1.0)

EVERYTHING = dataclasses.replace(QUICK, dropout=0.3, updates_per_batch=2, kl_coefficient=0.1, entropy_coefficient=0.05)
"""Uses all that could carry a state from one epoch into the next: dropout, the second update, the start policy."""


def data_of(results_dir: Path) -> ControllerData:
    return KIND.prepare(GRPOSettings(results_dir=str(results_dir)))


def run_of(
    data: ControllerData, settings: GRPOSettings = QUICK, seed: int = 0, precision: str = contract.FP32
) -> GRPORun:
    return GRPORun(settings, data, seed, "cpu", precision=precision)


def trial_of_two_epochs(data: ControllerData, folder: Path) -> Path:
    """The folder, with the checkpoint of epoch 2 as a trial has it, and the best score in a file `score`."""
    torch.set_num_threads(1)
    # Enough that what is chosen depends on question, image and budget.
    run = run_of(data, GRPOSettings(lr=4e-3, group_size=16, budget_penalty=1.4))
    scores = [run.step()[contract.VAL_IN_BUDGET_ACCURACY] for _ in range(2)]
    checkpoint = folder / contract.checkpoint_folder_name(2)
    checkpoint.mkdir()
    run.save(checkpoint)
    (folder / "score").write_text(str(max(scores)), encoding="utf-8")
    return folder


def timeless(metrics: dict[str, float]) -> dict[str, float]:
    """All but what the clock says."""
    return {name: value for name, value in metrics.items() if not name.startswith("Perf/")}


def epochs(run: GRPORun, count: int) -> list[dict[str, float]]:
    return [timeless(run.step()) for _ in range(count)]


def checkpoint(run: GRPORun, folder: Path) -> dict[str, Any]:
    """What a checkpoint of the run holds, read without trusting it."""
    folder.mkdir(parents=True, exist_ok=True)
    run.save(folder)
    return torch.load(folder / CHECKPOINT_FILE, weights_only=True)


def leaves(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a checkpoint, with its path; tensors as bytes, so that equal means equal to the last bit."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, f"{name}/{key}")
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from leaves(value, f"{name}/{place}")
    else:
        yield name, content.numpy().tobytes() if isinstance(content, torch.Tensor) else content
