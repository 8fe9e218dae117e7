"""MolmoE-1B, and the dense ones of Molmo's first generation: their code comes with the checkpoint.

Written for that code as it is published (modeling_molmoe.py and preprocessing_molmo.py of MolmoE-1B-0924): for what it
calls its parts and its arguments. Tried on a stand-in with the same names, tests/support/molmoe_stand_in; never yet on
the checkpoint itself. That code dates from transformers 4.43, and whether today's loads it was not tried either.

Its tier is the most crops of an image (`max_crops`); each, and the whole image, is 144 vision tokens or fewer.
"""

from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs

TIERS = {"low": 3, "medium": 6, "high": 12}


class Seen(NamedTuple):
    """What the vision backbone gives."""

    features: Tensor
    """[1, crops, tokens of a crop, d]"""
    of_class_token: Tensor | None
    is_used: Tensor
    """[1, crops, tokens of a crop]: what lies where the image is padded, or under another crop, goes nowhere."""


class AlreadySeen(nn.Module):
    """Stands in the vision backbone's place while the prompt is read, so that the two can be timed apart."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, images: Tensor, image_masks: Tensor | None) -> tuple[Tensor, Tensor | None]:
        return self.seen.features, self.seen.of_class_token


def tiers(network: Any, processor: Any) -> dict[str, int]:
    return TIERS


def read(network: Any, processor: Any, image: Image.Image, question: str, max_crops: int) -> Inputs:
    # It makes the prompt itself, and one sample without a dimension for a batch.
    sample = processor.process(images=[image.convert("RGB")], text=question, images_kwargs={"max_crops": max_crops})
    tensors = {name: tensor[None] for name, tensor in sample.items()}
    text = {"input_ids": tensors.pop("input_ids")}
    return Inputs(tensors, text, int((tensors["image_input_idx"] >= 0).sum()))


def see(network: Any, inputs: Inputs) -> Seen:
    vision = inputs.vision
    features, of_class_token = network.model.vision_backbone(vision["images"], vision.get("image_masks"))
    return Seen(features, of_class_token, vision["image_input_idx"] >= 0)


def vision_tokens(seen: Seen) -> Tensor:
    return seen.features[seen.is_used]


def prefill(network: Any, inputs: Inputs, seen: Seen) -> tuple[Tensor, Any]:
    backbone = network.model.vision_backbone
    network.model.vision_backbone = AlreadySeen(seen)
    try:
        out = network(**inputs.text, **inputs.vision, use_cache=True, last_logits_only=True, return_dict=True)
    finally:
        network.model.vision_backbone = backbone
    return out.logits[0, -1], out.past_key_values


def decode(network: Any, token: Tensor, place: int, cache: Any) -> tuple[Tensor, Any]:
    # The cache is a list with an entry a block that runs, and is checked against the number of blocks.
    network.model.config.n_layers = len(cache)
    out = network(
        input_ids=token,
        attention_mask=torch.ones(1, place + 1, dtype=torch.long, device=token.device),
        position_ids=torch.full((1, 1), place, device=token.device),
        past_key_values=cache,
        use_cache=True,
        last_logits_only=True,
        return_dict=True,
    )
    return out.logits[0, -1], out.past_key_values


def text_blocks(network: Any) -> tuple[nn.Module, str]:
    return network.model.transformer, "blocks"


def load_network(path: str, **arguments: Any) -> Any:
    from transformers import AutoModelForCausalLM, GenerationConfig

    # Its experts run one after another in its own code; there is no other way to choose.
    arguments.pop("experts_implementation", None)
    network = native.load_whole(AutoModelForCausalLM, path, **arguments)
    # Code of before transformers 4.50 says that it generates, and no longer gets what tells how.
    network.generation_config = GenerationConfig.from_model_config(network.config)
    return network


def load_processor(path: str, trust_remote_code: bool) -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(path, trust_remote_code=trust_remote_code)


MOLMOE = Family(
    "molmoe",
    tiers,
    read,
    see,
    vision_tokens,
    prefill,
    decode,
    text_blocks,
    load_network=load_network,
    load_processor=load_processor,
)
