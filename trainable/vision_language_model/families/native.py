"""How families that are part of transformers are read and run; each function is what `Family` asks for by that name.

The vision stage is `get_image_features`, and the text stage takes what it gave as `mm_encoder_outputs` (transformers
5.24). No attention mask is passed: a batch of one has no padding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from trainable.vision_language_model.families.inputs import Inputs


def load_network(path: str, **arguments: Any) -> Any:
    from transformers import AutoModelForImageTextToText

    return load_whole(AutoModelForImageTextToText, path, **arguments)


def load_whole(auto_class: Any, path: str, **arguments: Any) -> Any:
    """Raises ValueError where weights are missing, and what transformers raises."""
    network, found = auto_class.from_pretrained(path, output_loading_info=True, **arguments)
    if missing := sorted(found["missing_keys"]):  # they would be random numbers
        raise ValueError(f"its files lack {len(missing)} of the weights, such as {missing[0]}")
    return network


def load_processor(path: str, trust_remote_code: bool) -> Any:
    from transformers import AutoProcessor, ProcessorMixin

    processor = AutoProcessor.from_pretrained(path, trust_remote_code=trust_remote_code)
    if isinstance(processor, ProcessorMixin):  # and not what a folder has instead, a tokenizer alone
        processor.image_processor = image_processor(path)
    return processor


def image_processor(path: str) -> Any:
    """Pillow's kind, so that the pixels do not depend on whether torchvision is installed, which resizes otherwise."""
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(path, backend="pil")


def prompt(processor: Any, question: str) -> str:
    """The question about one image, through the checkpoint's chat template, or behind the image where it has none."""
    if not processor.chat_template:
        return f"{processor.image_token}\n{question}"
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text: str = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        enable_thinking=False,  # an answer of a few words is wanted; a template that knows nothing of it passes it over
    )
    return text


def split(tensors: Mapping[str, Tensor], vision: Sequence[str], image_token: int) -> Inputs:
    """What a processor gave, dealt out to the two stages.

    Args:
        vision: the names of what `get_image_features` takes.
        image_token: the one that stands for a feature of the image in `input_ids`.
    """
    text = {name: tensor for name, tensor in tensors.items() if name not in ("pixel_values", "attention_mask")}
    return Inputs({name: tensors[name] for name in vision}, text, int((text["input_ids"] == image_token).sum()))


def see(network: Any, inputs: Inputs) -> Any:
    return network.get_image_features(**inputs.vision, return_dict=True)


def vision_tokens(seen: Any) -> Tensor:
    return torch.cat(list(seen.pooler_output))  # [T, d]


def prefill(network: Any, inputs: Inputs, seen: Any) -> tuple[Tensor, Any]:
    out = network(**inputs.text, mm_encoder_outputs={"image": seen}, use_cache=True, logits_to_keep=1)
    return out.logits[0, -1], out.cache


def decode(network: Any, token: Tensor, place: int, cache: Any) -> tuple[Tensor, Any]:
    """The place is the cache's length, which the model reads itself."""
    out = network(input_ids=token, cache=cache, use_cache=True, logits_to_keep=1)
    return out.logits[0, -1], out.cache


def text_blocks(network: Any) -> tuple[nn.Module, str]:
    return network.model.language_model, "layers"


def first_block(network: Any) -> tuple[int, ...]:
    return (0,)
