"""An exported controller, ready to be asked: raw prompt features and a latency budget in, a configuration out.

Reads what `export.py` wrote (`policy.safetensors` and `config.json`) and needs numpy and safetensors alone. The
features' standardisation is folded into the first layer when the policy is loaded, so that a decision is one small
matrix-vector product per layer. It is the trained policy to the last digits of float32: where two configurations are
as good as equally probable, the other one may be chosen.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS, hashed_ngrams
from trainable.profiles.knobs import KnobGrid

TENSORS_FILE, CONFIG_FILE = "policy.safetensors", "config.json"
FORMAT = 1

Layer = tuple[np.ndarray, np.ndarray]
"""Weight [n_out, n_in] and bias [n_out]."""


class ExportedPolicy:
    """The controller; `load` makes one."""

    def __init__(self, config: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        def layer(name: str) -> Layer:
            return tensors[f"{name}.weight"], tensors[f"{name}.bias"]

        self.config = config
        self._log_low, self._log_high = map(math.log, config["encoding_range_ms"])
        self._frequencies = tensors["budget_encoding.frequencies"]
        self._encoding = [layer("budget_encoding.mlp.0"), layer("budget_encoding.mlp.2")]
        first, *rest = (layer(f"trunk.{3 * index}") for index in range(config["num_layers"]))
        self._trunk = [_on_raw_features(first, tensors["features.mean"], tensors["features.std"]), *rest]
        self._heads = [layer(f"heads.{index}") for index in range(len(config["knobs"]))]
        self._grid = KnobGrid(tuple(config["knobs"]), tuple(map(tuple, config["knobs"].values())))
        self._forbidden = np.where(tensors["allowed"], 0.0, -np.inf).astype(np.float32)  # [C]

    @classmethod
    def load(cls, folder: str | Path) -> "ExportedPolicy":
        """The policy in a folder that `export.py` wrote.

        Raises:
            UserError: there is none, or a damaged one.
        """
        folder = Path(folder)
        try:
            config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
            if config["format"] != FORMAT:
                raise ValueError(f"format {config['format']}, this version reads {FORMAT}")
            return cls(config, load_file(folder / TENSORS_FILE))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, SafetensorError) as error:
            raise UserError(f"{folder}: no whole exported policy in it ({error}); export it again") from None

    def choose(self, language: np.ndarray | str, vision: np.ndarray | None, budget_ms: float) -> dict[str, str | int]:
        """The most probable configuration for one prompt.

        Args:
            language: raw features as in the profile it was trained on, [d]; the question itself where those are
                hashed n-grams.
            vision: raw features, [d']; None where the policy has none.
            budget_ms: beyond the budgets trained on, the nearest of them is taken.

        Raises:
            ValueError: features of another size or that are no finite numbers, or a budget that is no positive number.
        """
        if not 0 < budget_ms < math.inf:
            raise ValueError(f"budget_ms is {budget_ms}: it must be a number of ms above 0")
        hidden = np.concatenate([self._features(language, vision), self._encoded(budget_ms)])
        for layer in self._trunk:
            hidden = np.maximum(_linear(layer, hidden), 0.0)
        scores = np.zeros(1, dtype=np.float32)  # in the end [C]: log-probabilities up to a constant
        for head in self._heads:
            scores = (scores[:, None] + _linear(head, hidden)).ravel()
        chosen = self._grid.configurations[int(np.argmax(scores + self._forbidden))]
        return dict(zip(self._grid.names, chosen, strict=True))

    def _features(self, language: np.ndarray | str, vision: np.ndarray | None) -> np.ndarray:
        """Raw features side by side, float32 [d + d']."""
        if isinstance(language, str):
            if self.config["language_features"] != HASHED_NGRAMS:
                raise ValueError(f"a question was given, but the policy reads {self.config['language_features']}")
            language = hashed_ngrams(language)
        parts = {"language": np.asarray(language, dtype=np.float32)}
        if self.config["vision_size"]:
            parts["vision"] = np.asarray(() if vision is None else vision, dtype=np.float32)
        for name, part in parts.items():
            size = self.config[f"{name}_size"]
            if part.shape != (size,):
                raise ValueError(f"{name} features have shape {part.shape}; the policy reads ({size},)")
            if not np.isfinite(part).all():
                raise ValueError(f"{name} features hold NaN or infinity")
        return np.concatenate([*parts.values()])

    def _encoded(self, budget_ms: float) -> np.ndarray:
        """As `BudgetEncoding`, float32 [h]."""
        low, high = self.config["budget_range_ms"]
        log_budget = math.log(min(max(budget_ms, low), high))
        position = np.float32((log_budget - self._log_low) / (self._log_high - self._log_low))
        turns = position * self._frequencies
        encoded = np.concatenate([[position], np.sin(turns), np.cos(turns)], dtype=np.float32)
        first, second = self._encoding
        return _linear(second, np.maximum(_linear(first, encoded), 0.0))


def _linear(layer: Layer, inputs: np.ndarray) -> np.ndarray:
    weight, bias = layer
    outputs: np.ndarray = weight @ inputs + bias
    return outputs


def _on_raw_features(layer: Layer, mean: np.ndarray, std: np.ndarray) -> Layer:
    """The first layer on raw features: W ((x - mean) / std) + b = (W / std) x + (b - (W / std) mean)."""
    weight, bias = (array.astype(np.float64) for array in layer)
    weight[:, : len(std)] /= std
    bias -= weight[:, : len(mean)] @ mean
    return weight.astype(np.float32), bias.astype(np.float32)
