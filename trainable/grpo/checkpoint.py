"""What a checkpoint holds of its controller beyond the weights, and the policy rebuilt from it without a profile.

`torch.load(weights_only=True)` reads all of it: numbers, text, lists and tensors.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.policy import Policy
from trainable.profiles.features import Features
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.workload import Workload
from trainable.runs import DamagedCheckpoint

CHECKPOINT_FILE = "checkpoint.pt"
BEST_FILE = "best_joint_checkpoint.pt"

_ZIP_READER_RAISES = (OSError, EOFError, RuntimeError)
_UNPICKLER_RAISES = (UnpicklingError, LookupError, ValueError, TypeError, AttributeError, AssertionError)
"""What torch.load (2.13) was seen to raise on a checkpoint cut at every length and on 15,000 with an altered byte."""


@dataclass(frozen=True)
class Controller:
    """The policy of a checkpoint, and all that is needed to ask it."""

    file: Path
    policy: Policy
    grid: KnobGrid
    allowed: np.ndarray
    """Which configurations were measured at all, bool [C]"""
    profile_budget_range_ms: tuple[float, float]
    """Scales the encoding of a budget."""
    trained_budget_range_ms: tuple[float, float]
    """A budget beyond it is served as the nearest within."""
    language_size: int
    """Of the features, the first ones; those behind them are vision features."""
    mean: np.ndarray
    """Of each feature over the training samples, float32 [d + d']"""
    std: np.ndarray
    language_source: str
    fingerprint: str
    inputs: str
    """What its features were made of; empty in an older checkpoint."""
    seed: int
    epoch: int
    score: float
    settings: dict[str, Any]

    @property
    def vision_size(self) -> int:
        return len(self.mean) - self.language_size


def as_bytes(content: dict[str, Any]) -> bytes:
    """What `torch.save` writes. On a full disk it raises a RuntimeError itself, and Python's writing an OSError."""
    written = io.BytesIO()
    torch.save(content, written)
    return written.getvalue()


def description_of_controller(
    profile: Workload, features: Features, trained_budget_range_ms: tuple[float, float]
) -> dict[str, Any]:
    """What a run adds to its checkpoints, so that its policy can be rebuilt from them alone."""
    mean, std = torch.tensor(features.mean), torch.tensor(features.std)
    d = features.language_size
    return {
        "knob_names": list(profile.grid.names),
        "knob_values": [list(values) for values in profile.grid.values],
        "allowed": torch.tensor(profile.allowed.any(axis=0)),
        "profile_budget_range_ms": list(profile.budget_range_ms),
        "trained_budget_range_ms": list(trained_budget_range_ms),
        "language": {"mean": mean[:d].clone(), "std": std[:d].clone()},
        "vision": {"mean": mean[d:].clone(), "std": std[d:].clone()} if features.vision_size else None,
        "language_source": features.language_source,
        "fingerprint": profile.fingerprint,
        "inputs": features.content,
    }


def find_checkpoints(path: Path) -> list[Path]:
    """The files of checkpoints: the path itself, or those in a folder, of which the best is wanted.

    Raises:
        UserError: there is none.
    """
    if path.is_file():
        return [path]
    for files in (
        [path / BEST_FILE],
        [path / CHECKPOINT_FILE],
        [folder / CHECKPOINT_FILE for folder in contract.checkpoints(path).values()],
    ):
        if there := [file for file in files if file.is_file()]:
            return there
    raise UserError(f"{path}: no checkpoint in it; give a file such as {BEST_FILE}, or a run's or a trial's folder")


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Everything a checkpoint holds, its tensors on the CPU: a GPU's want of memory cannot look like damage.

    Raises:
        DamagedCheckpoint: it is not whole, or no checkpoint of a joint controller.
    """
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (*_ZIP_READER_RAISES, *_UNPICKLER_RAISES) as error:
        raise DamagedCheckpoint(f"{file}: {error}") from error
    missing = {"policy", "epoch", "settings", "controller"} - (content.keys() if isinstance(content, dict) else set())
    if missing:
        raise DamagedCheckpoint(f"{file}: it has no {', '.join(sorted(missing))}")
    return dict(content)


def read_controller(path: Path) -> Controller:
    """The policy of the checkpoint at `path` (a file, or a folder: then of the best in it, the earliest of equals).

    Raises:
        UserError: none there, or one that can't be read.
    """
    file, content = max(map(_validated, find_checkpoints(path)), key=lambda found: found[1]["score"])
    settings, described = content["settings"], content["controller"]
    features = [described["language"], described["vision"]] if described["vision"] else [described["language"]]
    mean, std = (torch.cat([columns[name] for columns in features]).numpy() for name in ("mean", "std"))
    grid = KnobGrid(tuple(described["knob_names"]), tuple(map(tuple, described["knob_values"])))
    budget_range_ms = tuple(described["profile_budget_range_ms"])
    policy = Policy(
        len(mean), grid.sizes, budget_range_ms, settings["hidden_size"], settings["num_layers"], settings["dropout"]
    )
    policy.load_state_dict(content["policy"])
    return Controller(
        file=file,
        policy=policy.eval().requires_grad_(False),
        grid=grid,
        allowed=described["allowed"].numpy(),
        profile_budget_range_ms=budget_range_ms,
        trained_budget_range_ms=tuple(described["trained_budget_range_ms"]),
        language_size=len(described["language"]["mean"]),
        mean=mean,
        std=std,
        language_source=described["language_source"],
        fingerprint=described["fingerprint"],
        inputs=described.get("inputs", ""),
        seed=content["seed"],
        epoch=content["epoch"],
        score=content["score"],
        settings=settings,
    )


def _validated(file: Path) -> tuple[Path, dict[str, Any]]:
    """A checkpoint with its file; of one of earlier versions, which held the best policy so far besides, that one's.

    Raises:
        UserError: it can't be read, or no epoch was validated.
    """
    try:
        content = load_checkpoint(file)
    except DamagedCheckpoint as error:
        cause = " ".join(str(error).removeprefix(f"{file}: ").split())[:200]
        raise UserError(f"{file}: not a whole checkpoint of a joint controller ({cause}); give another") from None
    content |= content.get("best", {})
    if not content["epoch"]:
        raise UserError(f"{file}: it holds no validated policy yet; train for an epoch")
    return file, content
