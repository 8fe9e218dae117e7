"""Stands in for the processor that MolmoE-1B brings: its `process` makes the prompt of one sample and cuts the image.

An image is seen whole and in `max_crops` stripes; each is four patches, the last of which only the whole image uses.
"""

from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers.image_processing_utils import BaseImageProcessor
from transformers.processing_utils import ProcessorMixin

SIDE, PATCH = 8, 4


class MolmoImageProcessor(BaseImageProcessor):
    def __init__(self, max_crops: int = 12, **others: Any) -> None:
        super().__init__(**others)
        self.max_crops = max_crops

    def preprocess(self, image: Image.Image, max_crops: int) -> tuple[np.ndarray, np.ndarray]:
        """Patches [crops, 4, pixels], and which of the image's tokens each becomes [crops, 4], -1 for none."""
        whole = image.resize((SIDE, SIDE))
        stripes = image.resize((SIDE * max_crops, SIDE))
        crops = [whole, *(stripes.crop((SIDE * n, 0, SIDE * (n + 1), SIDE)) for n in range(max_crops))]
        values = np.stack([np.asarray(crop, np.float32) / 255 for crop in crops])  # [crops, side, side, 3]
        half = SIDE // PATCH
        patches = values.reshape(len(crops), half, PATCH, half, PATCH, 3).swapaxes(2, 3)
        used = np.ones((len(crops), half * half), bool)
        used[1:, -1] = False
        order = np.where(used, used.cumsum().reshape(used.shape) - 1, -1)
        return patches.reshape(len(crops), half * half, -1), order


class MolmoProcessor(ProcessorMixin):
    def __init__(self, image_processor: Any = None, tokenizer: Any = None, **others: Any) -> None:
        super().__init__(image_processor, tokenizer)

    def process(self, text: str, images: list[Image.Image], images_kwargs: dict[str, int]) -> dict[str, torch.Tensor]:
        patches, order = self.image_processor.preprocess(images[0], **images_kwargs)
        image = "<im_start> " + "<im_patch> " * int((order >= 0).sum()) + "<im_end>"
        ids = self.tokenizer(f"<eos> {image} user {text} assistant", add_special_tokens=False)["input_ids"]
        return {
            "input_ids": torch.tensor(ids),
            "images": torch.from_numpy(patches),
            "image_masks": torch.ones(patches.shape[:2]),
            "image_input_idx": torch.from_numpy(np.where(order >= 0, order + 2, order)),
        }
