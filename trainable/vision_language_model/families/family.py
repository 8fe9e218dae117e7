"""What a family of checkpoints has to say of itself: a record of functions, most of which have an answer in native.py.

To add a family, write a module beside this one that makes one `Family`, and enter it in choose.py.

Letters: `T` vision tokens of an image, `V` words, `d` the text model's width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image
from torch import Tensor, nn

from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.inputs import Inputs

Network = Any
"""The checkpoint's model, as transformers loads it."""
Processor = Any
"""What makes tensors of an image and a text, as transformers loads it."""


Read = Callable[[Network, Processor, Image.Image, str, int], Inputs]
See = Callable[[Network, Inputs], Any]
Prefill = Callable[[Network, Inputs, Any], tuple[Tensor, Any]]
Decode = Callable[[Network, Tensor, int, Any], tuple[Tensor, Any]]


@dataclass(frozen=True)
class Family:
    """How the checkpoints of one kind are loaded, read, run and turned."""

    name: str
    tiers: Callable[[Network, Processor], Mapping[str, int]]
    """Each tier's number by default, cheapest first. What it counts (pixels of a side, crops, ...) is the family's."""
    read: Read
    """Network, processor, image, question, the tier's number: the inputs, on the CPU."""
    see: See = native.see
    """The vision stage: whatever `prefill` takes."""
    vision_tokens: Callable[[Any], Tensor] = native.vision_tokens
    """What `see` gave as the projected features of the image's tokens, [T, d]."""
    prefill: Prefill = native.prefill
    """Network, inputs, what was seen: the logits [V] of the answer's first token, and the cache."""
    decode: Decode = native.decode
    """Network, a token [1, 1], its place in the sequence, the cache: the logits [V] of the next, and the cache."""
    text_blocks: Callable[[Network], tuple[nn.Module, str]] = native.text_blocks
    """The module that runs the text model's blocks one after another, and the name under which it holds their list."""
    fixed_blocks: Callable[[Network], tuple[int, ...]] = native.first_block
    """Blocks that are never left out, 0 among them: the length of the KV cache is read from it."""
    load_network: Callable[..., Network] = native.load_network
    """Path and the arguments of `from_pretrained`: the model."""
    load_processor: Callable[..., Processor] = native.load_processor
    """Path and whether code of the checkpoint's own may run: the processor."""
