"""LLaVA-OneVision: an image is seen whole, and again in tiles of the vision tower's size; the text model is dense.

Its tier is the most tiles. The arrangements of tiles that an image may get (`image_grid_pinpoints`) are read by the
processor, which cuts the image, and by the network, which puts its features together: both are told those of the tier.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image

from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.families.still_images import load_still_images

Arrangement = Sequence[int]
"""Height and width in pixels, whole tiles."""

MEDIUM_TILES = 4


def tiers(network: Any, processor: Any) -> dict[str, int]:
    """The fewest tiles that the checkpoint knows, at most four, and its most; fewer tiers where these are the same."""
    counts = {tiles(network, arrangement) for arrangement in network.config.image_grid_pinpoints}
    least, most = min(counts), max(counts)
    medium = max(count for count in counts if count <= max(least, MEDIUM_TILES))
    names = {medium: "medium", least: "low", most: "high"}
    return {names[count]: count for count in sorted(names)}


def tiles(network: Any, arrangement: Arrangement) -> int:
    side: int = network.config.vision_config.image_size
    return (arrangement[0] // side) * (arrangement[1] // side)


def read(network: Any, processor: Any, image: Image.Image, question: str, most_tiles: int) -> Inputs:
    every = network.config.image_grid_pinpoints
    most = max(most_tiles, min(tiles(network, arrangement) for arrangement in every))
    allowed = [arrangement for arrangement in every if tiles(network, arrangement) <= most]
    with arranged(processor.image_processor, allowed):
        tensors = processor(
            images=[image.convert("RGB")], text=[native.prompt(processor, question)], return_tensors="pt"
        )
    inputs = native.split(tensors, ["pixel_values", "image_sizes"], network.config.image_token_id)
    return Inputs(
        {**inputs.vision, "image_grid_pinpoints": torch.tensor(allowed)},
        {"input_ids": inputs.text["input_ids"]},
        inputs.num_vision_tokens,
    )


def see(network: Any, inputs: Inputs) -> Any:
    tensors = dict(inputs.vision)
    with arranged(network.config, tensors.pop("image_grid_pinpoints").tolist()):
        return network.get_image_features(**tensors, return_dict=True)


@contextmanager
def arranged(owner: Any, allowed: Sequence[Arrangement]) -> Iterator[None]:
    """Let the image processor or the network's config know these arrangements alone, for a while."""
    every, owner.image_grid_pinpoints = owner.image_grid_pinpoints, list(allowed)
    try:
        yield
    finally:
        owner.image_grid_pinpoints = every


def load_processor(path: str, trust_remote_code: bool) -> Any:
    from transformers import LlavaOnevisionProcessor

    return load_still_images(LlavaOnevisionProcessor, path)


LLAVA_ONEVISION = Family("llava_onevision", tiers, read, see, load_processor=load_processor)
