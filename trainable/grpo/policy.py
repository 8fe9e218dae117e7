"""The policy: prompt features and a latency budget in, logits of one categorical per knob out."""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

BUDGET_FREQUENCIES = 6
"""Half a turn to 16 turns over the budget range: the last three move visibly within 5 % of a budget."""


class BudgetEncoding(nn.Module):
    """Sines and cosines of the budget's position on a logarithmic scale, then a small MLP."""

    def __init__(self, budget_range_ms: tuple[float, float], size: int) -> None:
        super().__init__()
        low, high = budget_range_ms
        self.register_buffer("log_range", torch.tensor([math.log(low), math.log(high)]))
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(BUDGET_FREQUENCIES))
        self.mlp = nn.Sequential(nn.Linear(2 * BUDGET_FREQUENCIES + 1, size), nn.ReLU(), nn.Linear(size, size))

    log_range: Tensor
    frequencies: Tensor

    def forward(self, budget_ms: Tensor) -> Tensor:
        """[B] -> [B, size]"""
        low, high = self.log_range
        position = ((budget_ms.log() - low) / (high - low)).unsqueeze(1)  # [B, 1], 0 to 1 within the range
        turns = position * self.frequencies  # [B, F]
        encoded: Tensor = self.mlp(torch.cat([position, turns.sin(), turns.cos()], dim=1))
        return encoded


class Policy(nn.Module):
    """An MLP over the features of a sample and the encoded budget."""

    def __init__(
        self,
        feature_size: int,
        knob_sizes: tuple[int, ...],
        budget_range_ms: tuple[float, float],
        hidden_size: int,
        num_layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.budget_encoding = BudgetEncoding(budget_range_ms, hidden_size)
        self.input_dropout = nn.Dropout(dropout)
        sizes = [feature_size + hidden_size] + [hidden_size] * num_layers
        layers: list[nn.Module] = []
        for width_in, width_out in itertools.pairwise(sizes):
            layers += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(dropout)]
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(hidden_size, size) for size in knob_sizes)

    def forward(self, features: Tensor, budget_ms: Tensor) -> list[Tensor]:
        """Logits of each knob, K tensors [B, n_k].

        Args:
            features: language and, where there are any, vision features side by side, [B, d].
            budget_ms: [B].
        """
        first, *rest = self.trunk
        assert isinstance(first, nn.Linear)
        encoded = self.budget_encoding(budget_ms)  # [B, h]
        # Not one layer on both side by side: autograd would compute the features' gradient, which nobody needs.
        of_features, of_budget = first.weight.split([features.shape[1], encoded.shape[1]], dim=1)
        hidden = linear(self.input_dropout(features), of_features, first.bias) + linear(encoded, of_budget)  # [B, h]
        for layer in rest:
            hidden = layer(hidden)
        return [head(hidden) for head in self.heads]
