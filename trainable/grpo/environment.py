"""What executes configurations on samples. Replay looks the result up in a profile; a live one runs the model."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from trainable.profiles.features import Features
from trainable.profiles.table import Profile


class Environment(Protocol):
    """Everything that training and validation may ask; samples and configurations are indices, int64."""

    def features(self, samples: Tensor) -> Tensor:
        """What the policy sees, [B] -> [B, d]."""

    def allowed(self, samples: Tensor) -> Tensor:
        """Which configurations can be executed, [B] -> bool [B, C]."""

    def execute(self, samples: Tensor, configurations: Tensor) -> tuple[Tensor, Tensor]:
        """Run each sample under each of its configurations: [B], [B, G] -> accuracy and latency (ms), [B, G]."""

    def cost(self) -> Mapping[str, float]:
        """What that has taken since it was last asked, as metrics."""


class ReplayEnvironment:
    """Plays back a profile from the memory of one device."""

    def __init__(self, profile: Profile, features: Features, device: torch.device) -> None:
        self._features = torch.tensor(features.standardised(), device=device)  # [S, d]
        self._accuracy = torch.tensor(profile.accuracy, device=device)  # [S, C]
        self._latency_ms = torch.tensor(profile.latency_ms, device=device)  # [S, C]
        self._measured = torch.tensor(profile.measured, device=device)  # [S, C]

    def features(self, samples: Tensor) -> Tensor:
        return self._features[samples]

    def allowed(self, samples: Tensor) -> Tensor:
        return self._measured[samples]

    def execute(self, samples: Tensor, configurations: Tensor) -> tuple[Tensor, Tensor]:
        rows = samples.unsqueeze(1)  # [B, 1]
        return self._accuracy[rows, configurations], self._latency_ms[rows, configurations]

    def cost(self) -> Mapping[str, float]:
        """Nothing to tell."""
        return {}
