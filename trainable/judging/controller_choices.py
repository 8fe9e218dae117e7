"""What a controller from a checkpoint chooses on a profile, which need not be the one it was trained on.

Features are standardised as in its training, whatever the profile. Letters: `S` samples, `Q` budgets.
"""

import dataclasses

import numpy as np
import torch

from trainable.contract import UserError
from trainable.grpo.checkpoint import Controller
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.validation import greedy_choices
from trainable.profiles.features import Features
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import Profile


class ChoicesOnProfile:
    """A controller that was fitted to a profile."""

    def __init__(self, controller: Controller, profile: Profile, features: Features) -> None:
        """Raises UserError when the profile has knob values or features that the controller does not know."""
        if not _has_all_values(controller.grid, profile.grid):
            raise _other_profile(
                controller, profile, f"the knobs {_shown(controller.grid)}", f"has {_shown(profile.grid)}"
            )
        self.profile = profile.on_grid(controller.grid)
        """Its configurations are numbered as the controller's."""
        self._controller = controller
        fitted = _fitted(features, controller, profile)
        self._environment = ReplayEnvironment(self.profile, fitted, torch.device("cpu"))

    def choices(self, split: int, budgets_ms: np.ndarray) -> np.ndarray:
        """The configuration for each sample of the split under each budget, [Q] -> int64 [S, Q]."""
        served_ms = np.clip(budgets_ms, *self._controller.trained_budget_range_ms).astype(np.float32)  # [Q]
        samples = torch.tensor(self.profile.samples(split))
        chosen = greedy_choices(self._controller.policy, self._environment, samples, torch.tensor(served_ms))
        return chosen.numpy()


def _has_all_values(grid: KnobGrid, other: KnobGrid) -> bool:
    """Whether all of the other grid's configurations are in the first, too."""
    known = zip(other.values, grid.values, strict=False)
    return other.names == grid.names and all(set(values) <= set(of_grid) for values, of_grid in known)


def _fitted(features: Features, controller: Controller, profile: Profile) -> Features:
    source = features.language_source
    if (source == HASHED_NGRAMS) != (controller.language_source == HASHED_NGRAMS):
        trained = f"language features from {controller.language_source}"
        raise _other_profile(controller, profile, trained, f"gives {source}")
    if features.language_size != controller.language_size:
        trained = f"{controller.language_size} language features"
        raise _other_profile(controller, profile, trained, f"has {features.language_size}")
    if controller.vision_size and features.vision_size != controller.vision_size:
        trained = f"{controller.vision_size} vision features"
        raise _other_profile(controller, profile, trained, f"has {features.vision_size}")
    raw = features.raw[:, : len(controller.mean)]  # without vision features, where it was trained without
    return dataclasses.replace(features, raw=raw, mean=controller.mean, std=controller.std)


def _other_profile(controller: Controller, profile: Profile, trained: str, has: str) -> UserError:
    return UserError(
        f"{controller.file}: trained on {trained}, but the profile {profile.results_dir} {has}; "
        "give one that is measured as the controller's own was"
    )


def _shown(grid: KnobGrid) -> str:
    """As `tier low/high x top_k 1/4`."""
    knobs = zip(grid.names, grid.values, strict=True)
    return " x ".join(f"{name} {'/'.join(map(str, values))}" for name, values in knobs)
