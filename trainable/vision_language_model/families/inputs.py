"""What a model reads: tensors of an image and a question.

Letters: `T` vision tokens of the image, `L` tokens of the prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Inputs:
    """An image and a question at one tier, batch 1."""

    vision: Mapping[str, Tensor]
    """What the vision stage takes, by name."""
    text: Mapping[str, Tensor]
    """What the text stage takes, by name; `input_ids` [1, L] among it."""
    num_vision_tokens: int
    """T"""

    @property
    def num_prompt_tokens(self) -> int:
        """L"""
        return int(self.text["input_ids"].shape[1])

    def to(self, device: torch.device, dtype: torch.dtype) -> "Inputs":
        """On a device, with what is no whole number in the model's own precision."""
        vision, text = (
            {name: tensor.to(device, dtype if tensor.is_floating_point() else None) for name, tensor in part.items()}
            for part in (self.vision, self.text)
        )
        return Inputs(vision, text, self.num_vision_tokens)
