"""Families that see an image at its own proportions, shrunk to a number of pixels: each token is a square of it.

Their tier is the most vision tokens of an image. A small image has fewer, and is the same at every tier that holds it.
"""

from typing import Any

from PIL import Image

from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.inputs import Inputs

TIERS = {"low": 64, "medium": 256, "high": 1024}
"""Tokens: squares of 8, 16 and 32 a side."""


def tiers(network: Any, processor: Any) -> dict[str, int]:
    return TIERS


def pixels_of_a_token(processor: Any) -> int:
    images = processor.image_processor
    return int((images.patch_size * images.merge_size) ** 2)


def read(network: Any, processor: Any, image: Image.Image, question: str, most_pixels: int) -> Inputs:
    """The inputs with the image of at most so many pixels, as the family's image processor counts them."""
    tensors = processor(
        images=[image.convert("RGB")],
        text=[native.prompt(processor, question)],
        size={
            # The least of a checkpoint is meant for its own most.
            "shortest_edge": min(processor.image_processor.size["shortest_edge"], most_pixels),
            "longest_edge": most_pixels,
        },
        return_tensors="pt",
    )
    return native.split(tensors, ["pixel_values", "image_grid_thw"], network.config.image_token_id)
