"""What a vision-language model computes as its knobs stand: its logits, bit for bit, and its FLOPs."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.model import VisionLanguageModel


@torch.inference_mode()
def greedy_logits(model: VisionLanguageModel, inputs: Inputs, tokens: int = 3) -> Tensor:
    """Of the first tokens of the answer, each after the first by the KV cache, [tokens, V]."""
    family, network = model._family, model._network
    logits, cache = family.prefill(network, inputs, family.see(network, inputs))
    rows = [logits]
    while len(rows) < tokens:
        place = inputs.num_prompt_tokens + len(rows) - 1
        logits, cache = family.decode(network, rows[-1].argmax().view(1, 1), place, cache)
        rows.append(logits)
    return torch.stack(rows)


def flops(model: VisionLanguageModel, inputs: Inputs) -> int:
    """Of two tokens of the answer. Experts have to run by the `eager` implementation: grouped products go uncounted."""
    with FlopCounterMode(display=False) as counter:
        greedy_logits(model, inputs, tokens=2)
    return int(counter.get_total_flops())


def assert_every_knob_turns(
    model: VisionLanguageModel, image: Image.Image, question: str, drop_order: Sequence[int]
) -> None:
    """Each knob, turned down alone, changes the logits and saves FLOPs; turned back, the logits are the same bits."""
    dearest = dict(zip(model.grid.names, (values[-1] for values in model.grid.values), strict=True))
    model.turn(dearest, drop_order)
    full = model.read(image, question)
    logits, work = greedy_logits(model, full), flops(model, full)
    for name, values in zip(model.grid.names, model.grid.values, strict=True):
        model.turn({**dearest, name: values[0]}, drop_order)
        inputs = model.read(image, question)
        assert not torch.equal(greedy_logits(model, inputs), logits), f"{name} {values[0]} changes no logit"
        assert flops(model, inputs) < work, f"{name} {values[0]} saves nothing"
        model.turn(dearest, drop_order)
        assert torch.equal(greedy_logits(model, full), logits), f"{name} does not turn back"
