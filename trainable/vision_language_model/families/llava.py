"""LLaVA: a CLIP or SigLIP vision tower, a projector, and any text model of transformers, dense or MoE.

Its tier is the image's side in pixels: the tower's position embeddings are interpolated to the patches that remain.
"""

from typing import Any

from PIL import Image

from trainable.contract import UserError
from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs

SQUARE_TOWERS = ("clip_vision_model", "siglip_vision_model")
"""Vision towers that take a square image of any side and interpolate their positions."""


def tiers(network: Any, processor: Any) -> dict[str, int]:
    """A third, two thirds and the whole of the side for which the tower was made, in whole patches."""
    tower = network.config.vision_config
    if tower.model_type not in SQUARE_TOWERS:
        raise UserError(
            f"{network.name_or_path}: its vision tower is {tower.model_type}, and of LLaVA those with "
            f"{' or '.join(SQUARE_TOWERS)} can be turned"
        )
    patches = tower.image_size // tower.patch_size
    low, medium = (max(1, round(patches * share / 3)) for share in (1, 2))
    return {name: count * tower.patch_size for name, count in (("low", low), ("medium", medium), ("high", patches))}


def read(network: Any, processor: Any, image: Image.Image, question: str, side: int) -> Inputs:
    square = {"height": side, "width": side}
    by_edge = "shortest_edge" in processor.image_processor.size  # then the rest is cropped
    tensors = processor(
        images=image.convert("L" if network.config.vision_config.num_channels == 1 else "RGB"),
        text=native.prompt(processor, question),
        size={"shortest_edge": side} if by_edge else square,
        crop_size=square,
        return_tensors="pt",
    )
    return native.split(tensors, ["pixel_values"], network.config.image_token_id)


def see(network: Any, inputs: Inputs) -> Any:
    return network.get_image_features(**inputs.vision, interpolate_pos_encoding=True, return_dict=True)


LLAVA = Family("llava", tiers, read, see)
