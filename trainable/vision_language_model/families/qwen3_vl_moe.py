"""Qwen3-VL with an MoE text model.

DeepStack adds features of the vision tower's middle to what the first text blocks give, block by block, so these blocks
are never left out: another would get their features.
"""

from typing import Any

from PIL import Image

from trainable.vision_language_model.families import by_pixels
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.families.still_images import load_still_images


def read(network: Any, processor: Any, image: Image.Image, question: str, most_tokens: int) -> Inputs:
    return by_pixels.read(network, processor, image, question, most_tokens * by_pixels.pixels_of_a_token(processor))


def blocks_with_features(network: Any) -> tuple[int, ...]:
    """The first text blocks, as many as DeepStack feeds, and block 0 in any case."""
    return tuple(range(max(1, len(network.config.vision_config.deepstack_visual_indexes))))


def load_processor(path: str, trust_remote_code: bool) -> Any:
    from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor

    return load_still_images(Qwen3VLProcessor, path)


QWEN3_VL_MOE = Family(
    "qwen3_vl_moe", by_pixels.tiers, read, fixed_blocks=blocks_with_features, load_processor=load_processor
)
