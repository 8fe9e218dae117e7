"""What a controller from a checkpoint chooses on a profile, which need not be the one it was trained on.

Features are standardised as in its training, whatever the profile. Letters: `S` samples, `Q` budgets.
"""

import numpy as np
import torch

from trainable.contract import UserError
from trainable.grpo.checkpoint import Controller
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.validation import greedy_choices
from trainable.profiles.features import Features, raw_features
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS
from trainable.profiles.table import Profile


class ChoicesOnProfile:
    """A controller that was fitted to a profile."""

    def __init__(self, controller: Controller, profile: Profile, trust_remote_code: bool = False) -> None:
        """Raises UserError when the profile's knobs or features are not those of the controller."""
        if profile.grid != controller.grid:
            raise UserError(
                f"{controller.file}: trained on the knobs {_shown(controller.grid.values)}, but the profile "
                f"{profile.results_dir} has {_shown(profile.grid.values)}; give the checkpoint's own --results_dir"
            )
        self._profile, self._policy = profile, controller.policy
        self._trained_ms = controller.trained_budget_range_ms
        features = _features(controller, profile, trust_remote_code)
        self._environment = ReplayEnvironment(profile, features, torch.device("cpu"))

    def choices(self, split: int, budgets_ms: np.ndarray) -> np.ndarray:
        """The configuration for each sample of the split under each budget, [Q] -> int64 [S, Q]."""
        served_ms = torch.tensor(np.clip(budgets_ms, *self._trained_ms), dtype=torch.float32)  # [Q]
        samples = torch.tensor(self._profile.samples(split))
        chosen: np.ndarray = greedy_choices(self._policy, self._environment, samples, served_ms).numpy()
        return chosen


def _features(controller: Controller, profile: Profile, trust_remote_code: bool) -> Features:
    source = controller.language_source
    model_path = controller.settings.get("model_path")
    raw = raw_features(profile, model_path, trust_remote_code)
    if (raw.language_source == HASHED_NGRAMS) != (source == HASHED_NGRAMS):
        raise UserError(
            f"{controller.file}: trained on language features from {source}, but the profile {profile.results_dir} "
            f"gives {raw.language_source}; give the checkpoint's own --results_dir"
        )
    _require_size(controller, profile, "language", raw.language.shape[1], len(controller.language.mean))
    if controller.vision is not None:
        vision_size = 0 if raw.vision is None else raw.vision.shape[1]
        _require_size(controller, profile, "vision", vision_size, len(controller.vision.mean))
    return raw.standardised_by(controller.language, controller.vision)


def _require_size(controller: Controller, profile: Profile, kind: str, size: int, wanted: int) -> None:
    if size != wanted:
        raise UserError(
            f"{controller.file}: trained on {wanted} {kind} features, but the profile {profile.results_dir} has "
            f"{size}; give the checkpoint's own --results_dir"
        )


def _shown(values: tuple[tuple[str | int, ...], ...]) -> str:
    return " x ".join("/".join(map(str, choices)) for choices in values)
