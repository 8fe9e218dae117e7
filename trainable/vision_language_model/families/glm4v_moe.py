"""GLM-4.5V: a text model whose first blocks have no router, and whose routers choose experts in their best groups."""

from typing import Any

from PIL import Image

from trainable.vision_language_model.families import by_pixels
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.families.still_images import load_still_images


def read(network: Any, processor: Any, image: Image.Image, question: str, most_tokens: int) -> Inputs:
    # GLM's image processor takes a still image for a film of as many frames as one token spans, and counts them all.
    pixels = by_pixels.pixels_of_a_token(processor) * processor.image_processor.temporal_patch_size
    return by_pixels.read(network, processor, image, question, most_tokens * pixels)


def load_processor(path: str, trust_remote_code: bool) -> Any:
    from transformers.models.glm4v.processing_glm4v import Glm4vProcessor

    return load_still_images(Glm4vProcessor, path)


GLM4V_MOE = Family("glm4v_moe", by_pixels.tiers, read, load_processor=load_processor)
