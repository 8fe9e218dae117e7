"""What a checkpoint tells of its controller beyond the weights, and the best policy rebuilt from it without a profile.

`torch.load(weights_only=True)` reads all of it: numbers, text, lists and tensors.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.policy import Policy
from trainable.profiles.features import Features, Standardisation
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import Profile

CHECKPOINT_FILE = "checkpoint.pt"
BEST_FILE = "best_joint_checkpoint.pt"


@dataclass(frozen=True)
class Controller:
    """The best policy of a checkpoint, and all that is needed to ask it."""

    file: Path
    policy: Policy
    grid: KnobGrid
    allowed: np.ndarray
    """Which configurations were measured at all, bool [C]"""
    profile_budget_range_ms: tuple[float, float]
    """Scales the encoding of a budget."""
    trained_budget_range_ms: tuple[float, float]
    """A budget beyond it is served as the nearest within."""
    language: Standardisation
    vision: Standardisation | None
    language_source: str
    fingerprint: str
    seed: int
    epoch: int
    score: float
    settings: dict[str, Any]


def description_of_controller(
    profile: Profile, features: Features, trained_budget_range_ms: tuple[float, float]
) -> dict[str, Any]:
    """What a run adds to its checkpoints, so that its policy can be rebuilt from them alone."""
    return {
        "knob_names": list(profile.grid.names),
        "knob_values": [list(values) for values in profile.grid.values],
        "allowed": torch.tensor(profile.measured.any(axis=0)),
        "profile_budget_range_ms": list(profile.budget_range_ms),
        "trained_budget_range_ms": list(trained_budget_range_ms),
        "language": _described(features.language_standardisation, features.language.shape[1]),
        "vision": None
        if features.vision is None
        else _described(features.vision_standardisation, features.vision.shape[1]),
        "language_source": features.language_source,
        "fingerprint": profile.fingerprint,
    }


def _described(standardisation: Standardisation | None, size: int) -> dict[str, torch.Tensor]:
    mean, std = (standardisation.mean, standardisation.std) if standardisation else (np.zeros(size), np.ones(size))
    return {"mean": torch.tensor(mean, dtype=torch.float32), "std": torch.tensor(std, dtype=torch.float32)}


def find_checkpoint(path: Path) -> Path:
    """A checkpoint's file: the path itself, the best or the newest in a folder.

    Raises:
        UserError: there is none.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(f"{path}: there is no such checkpoint; give a file such as {BEST_FILE}, or a run's folder")
    newest_first = reversed(contract.checkpoints(path).values())
    for file in (path / BEST_FILE, *(folder / CHECKPOINT_FILE for folder in (path, *newest_first))):
        if file.is_file():
            return file
    raise UserError(f"{path}: no checkpoint in it; give a file such as {BEST_FILE}, or a run's or a trial's folder")


def read_controller(path: Path) -> Controller:
    """The best policy of the checkpoint at `path` (a file, or a folder that holds one), on the CPU.

    Raises:
        UserError: none there, or one that can't be read.
    """
    file = find_checkpoint(path)
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        best, settings, described = content["best"], content["settings"], content["controller"]
        if not best["policy"]:
            raise UserError(f"{file}: it holds no validated policy yet; train for an epoch")
        grid = KnobGrid(tuple(described["knob_names"]), tuple(map(tuple, described["knob_values"])))
        language, vision = _standardisation(described["language"]), described["vision"]
        policy = Policy(
            language_size=len(language.mean),
            vision_size=0 if vision is None else len(vision["mean"]),
            knob_sizes=grid.sizes,
            budget_range_ms=tuple(described["profile_budget_range_ms"]),
            hidden_size=settings["hidden_size"],
            num_layers=settings["num_layers"],
            dropout=settings["dropout"],
        )
        policy.load_state_dict(best["policy"])
        return Controller(
            file=file,
            policy=policy.eval().requires_grad_(False),
            grid=grid,
            allowed=described["allowed"].numpy(),
            profile_budget_range_ms=tuple(described["profile_budget_range_ms"]),
            trained_budget_range_ms=tuple(described["trained_budget_range_ms"]),
            language=language,
            vision=None if vision is None else _standardisation(vision),
            language_source=described["language_source"],
            fingerprint=described["fingerprint"],
            seed=content["seed"],
            epoch=best["epoch"],
            score=best["score"],
            settings=settings,
        )
    except UserError:
        raise
    except Exception as error:  # a torn file can break the zip reader, the unpickler or the tensors' storage
        cause = " ".join(str(error).split())[:200]
        raise UserError(f"{file}: not a whole checkpoint of a joint controller ({cause}); give another") from None


def _standardisation(described: dict[str, torch.Tensor]) -> Standardisation:
    return Standardisation(described["mean"].numpy(), described["std"].numpy())
