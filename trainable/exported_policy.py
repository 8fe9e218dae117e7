"""An exported controller, ready to be asked: raw prompt features and a latency budget in, a configuration out.

Reads what `export.py` wrote (`policy.safetensors` and `config.json`) and needs numpy and safetensors alone. The
features' standardisation is folded into the first layer when the policy is loaded, so that a decision is one small
matrix-vector product per layer. It is the trained policy to the last digits of float32: where two configurations are
as good as equally probable, the other one may be chosen.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS, hashed_ngrams

TENSORS_FILE, CONFIG_FILE = "policy.safetensors", "config.json"
FORMAT = 1


@dataclass(frozen=True)
class _Layer:
    weight: np.ndarray
    """[n_out, n_in]"""
    bias: np.ndarray
    """[n_out]"""

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = self.weight @ inputs + self.bias
        return outputs


class ExportedPolicy:
    """The controller; `load` makes one."""

    def __init__(self, config: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        self.config = config
        self._budget_range_ms = config["budget_range_ms"]
        low, high = (math.log(value) for value in config["encoding_range_ms"])
        self._log_low, self._log_width = low, high - low
        self._language_size, self._vision_size = config["language_size"], config["vision_size"]
        self._hashed = config["language_features"] == HASHED_NGRAMS

        self._frequencies = tensors["budget_encoding.frequencies"]
        self._encoding = [_layer(tensors, f"budget_encoding.mlp.{place}") for place in (0, 2)]
        trunk = [_layer(tensors, f"trunk.{3 * place}") for place in range(config["num_layers"])]
        self._first, self._rest = _standardised(trunk[0], tensors), trunk[1:]
        self._head_sizes = [len(values) for values in config["knobs"].values()]
        heads = [_layer(tensors, f"heads.{place}") for place in range(len(self._head_sizes))]
        self._heads = _Layer(np.concatenate([h.weight for h in heads]), np.concatenate([h.bias for h in heads]))
        self._forbidden = np.where(tensors["allowed"], 0.0, -np.inf).astype(np.float32)  # [C]
        self._configurations = _configurations(config["knobs"])

    @classmethod
    def load(cls, folder: str | Path) -> "ExportedPolicy":
        """The policy in a folder that `export.py` wrote.

        Raises:
            UserError: there is none, or a damaged one.
        """
        folder = Path(folder)
        try:
            config = json.loads((folder / CONFIG_FILE).read_text())
            if config["format"] != FORMAT:
                raise ValueError(f"format {config['format']}, this version reads {FORMAT}")
            return cls(config, load_file(folder / TENSORS_FILE))
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise UserError(f"{folder}: no whole exported policy in it ({error}); export it again") from None

    def choose(self, language: np.ndarray | str, vision: np.ndarray | None, budget_ms: float) -> dict[str, str | int]:
        """The most probable configuration for one prompt.

        Args:
            language: raw features as in the profile it was trained on, [d]; the question itself where those are
                hashed n-grams.
            vision: raw features, [d']; None where the policy has none.
            budget_ms: beyond the budgets trained on, the nearest of them is taken.

        Raises:
            ValueError: features of another size, or a budget that is no positive number.
        """
        if not 0 < budget_ms < math.inf:
            raise ValueError(f"budget_ms is {budget_ms}: it must be a number of ms above 0")
        inputs = np.concatenate([self._features(language, vision), self._encoded(budget_ms)])
        hidden = np.maximum(self._first(inputs), 0.0)
        for layer in self._rest:
            hidden = np.maximum(layer(hidden), 0.0)
        return dict(self._configurations[int(np.argmax(self._joint(self._heads(hidden))))])

    def _features(self, language: np.ndarray | str, vision: np.ndarray | None) -> np.ndarray:
        """Raw features side by side, float32 [d + d']."""
        if isinstance(language, str):
            if not self._hashed:
                raise ValueError(f"a question was given, but the policy reads {self.config['language_features']}")
            language = hashed_ngrams(language)
        parts = [np.asarray(language, dtype=np.float32)]
        if self._vision_size:
            parts.append(np.asarray(() if vision is None else vision, dtype=np.float32))
        for name, part, size in zip(("language", "vision"), parts, (self._language_size, self._vision_size)):  # noqa: B905
            if part.shape != (size,):
                raise ValueError(f"{name} features have shape {part.shape}; the policy reads ({size},)")
        return np.concatenate(parts)

    def _encoded(self, budget_ms: float) -> np.ndarray:
        """As `BudgetEncoding`, float32 [h]."""
        low, high = self._budget_range_ms
        place = np.float32((math.log(min(max(budget_ms, low), high)) - self._log_low) / self._log_width)
        turns = place * self._frequencies
        first, second = self._encoding
        return second(np.maximum(first(np.concatenate([[place], np.sin(turns), np.cos(turns)], dtype=np.float32)), 0.0))

    def _joint(self, logits: np.ndarray) -> np.ndarray:
        """Log-probability of each configuration up to a constant, -inf where it was never measured, [C]."""
        joint, start = np.zeros(1, dtype=np.float32), 0
        for size in self._head_sizes:
            joint = (joint[:, None] + logits[start : start + size]).ravel()
            start += size
        return joint + self._forbidden


def _layer(tensors: dict[str, np.ndarray], name: str) -> _Layer:
    return _Layer(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _standardised(layer: _Layer, tensors: dict[str, np.ndarray]) -> _Layer:
    """The first layer on raw features: W ((x - mean) / std) + b = (W / std) x + (b - (W / std) mean)."""
    mean, std = tensors["features.mean"].astype(np.float64), tensors["features.std"].astype(np.float64)  # [d + d']
    weight = layer.weight.astype(np.float64)
    weight[:, : len(std)] /= std
    bias = layer.bias - weight[:, : len(mean)] @ mean
    return _Layer(weight.astype(np.float32), bias.astype(np.float32))


def _configurations(knobs: dict[str, list[str | int]]) -> list[dict[str, str | int]]:
    """Every combination of the knobs' values, the last knob varying fastest, [C]."""
    configurations: list[dict[str, str | int]] = [{}]
    for name, values in knobs.items():
        configurations = [{**configuration, name: value} for configuration in configurations for value in values]
    return configurations
