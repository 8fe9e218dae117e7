"""A vision-language model on one device that answers one question at a time, as its knobs are turned.

Letters: `T` vision tokens, `V` words, `d` the text model's width.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from trainable.contract import UserError
from trainable.profiles.knobs import KnobGrid
from trainable.vision_language_model.answer import Answer
from trainable.vision_language_model.blocks import Blocks
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.identity import identity_of
from trainable.vision_language_model.routers import routers_of, set_top_k
from trainable.vision_language_model.stopwatch import Stopwatch


class VisionLanguageModel:
    """Made by `load_model`; turned to its dearest configuration at first."""

    def __init__(
        self,
        path: str,
        family: Family,
        network: Any,
        processor: Any,
        grid: KnobGrid,
        tiers: Mapping[str, int],
        blocks: Blocks,
        notes: tuple[str, ...],
    ) -> None:
        self.path = path
        self.family = family.name
        self.device: torch.device = network.device
        self.dtype = str(network.dtype).removeprefix("torch.")
        """Of its numbers, as torch names it."""
        self.grid = grid
        self.num_blocks = len(blocks.all)
        self.fixed_blocks = blocks.fixed
        self.notes = notes
        """What a user should know of it, a sentence each."""
        self.max_new_tokens = int(network.generation_config.max_new_tokens or DEFAULT_MAX_NEW_TOKENS)
        """As the checkpoint's generation_config.json says."""
        self._family, self._network, self._processor = family, network, processor
        self._tiers, self._blocks, self._routers = dict(tiers), blocks, routers_of(blocks.all)
        self._tier = grid.values[0][-1]
        self._end_tokens = _end_tokens(network, processor.tokenizer)

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits of its files; reads them all."""
        return identity_of(Path(self.path))

    def turn(self, configuration: Mapping[str, str | int], drop_order: Sequence[int]) -> None:
        """Run it so from now on.

        Args:
            configuration: a value of each of the grid's knobs.
            drop_order: blocks, the one that is left out first in front.

        Raises:
            ValueError: a knob or a value that it lacks.
        """
        if set(configuration) != set(self.grid.names):
            raise ValueError(f"the knobs are {self.grid.names}, not {tuple(configuration)}")
        for name, values in zip(self.grid.names, self.grid.values, strict=True):
            if configuration[name] not in values:
                raise ValueError(f"{name} is {configuration[name]!r}, not one of {values}")
        self._tier = configuration["tier"]
        if "top_k" in configuration:
            set_top_k(self._routers, int(configuration["top_k"]))
        if "num_active_blocks" in configuration:
            self._blocks.keep(self.active_blocks(int(configuration["num_active_blocks"]), drop_order))

    def active_blocks(self, count: int, drop_order: Sequence[int]) -> list[int]:
        """The blocks that run where `count` of them do: all but the first of `drop_order`.

        Raises:
            ValueError: there are not so many, or they cannot be left by this order.
        """
        return self._blocks.active(count, drop_order)

    def crops(self, tier: str) -> int:
        """What the tier is in its family's own number: pixels of a side, crops, ..."""
        return self._tiers[tier]

    def read(self, image: Image.Image, question: str) -> Inputs:
        """An image and a question as the model takes them at the tier that is turned on, on its device.

        Raises:
            UserError: the processor makes no prompt of the question.
        """
        return self._read(image, question, str(self._tier))

    def _read(self, image: Image.Image, question: str, tier: str) -> Inputs:
        try:
            inputs = self._family.read(self._network, self._processor, image, question, self._tiers[tier])
        except ValueError as error:  # a question that holds the token which stands for the image, say
            said = " ".join(str(error).split())
            raise UserError(
                f"question {question!r:.60}: the model's processor cannot read it ({said:.200}); change it or remove it"
            ) from None
        return inputs.to(self.device, self._network.dtype)

    def keep_blocks(self, active: Sequence[int]) -> None:
        """Run these blocks alone from now on, be their number one of the grid's or not.

        Args:
            active: ascending, the fixed ones among them.
        """
        self._blocks.keep(active)

    @torch.inference_mode()
    def answer(self, inputs: Inputs, max_new_tokens: int, seen: Any = None) -> Answer:
        """The likeliest answer, a token at a time with the KV cache, and the time of each stage.

        The answer ends with a token that ends one (it counts), or when it has `max_new_tokens`.

        Args:
            seen: what `see` gave of the same image, where the inputs were read at `tier_of_features`: the vision stage
                is done then, and takes no time here.
        """
        return self._answer(inputs, max_new_tokens, seen)[0]

    @torch.inference_mode()
    def examine(self, inputs: Inputs, max_new_tokens: int, right: Sequence[str]) -> tuple[Answer, float]:
        """The likeliest answer, and how likely it was that the model would begin a right one.

        Args:
            right: all that are right.

        Returns:
            The answer, and the natural logarithm of the probability that its first token is the first one of any of
            those, with or without a blank before it; 0 where the tokenizer knows none of them.
        """
        answer, logits = self._answer(inputs, max_new_tokens)
        tokenizer = self._processor.tokenizer
        texts = [blank + text for text in right for blank in ("", " ")]
        first = {ids[0] for text in texts if (ids := tokenizer(text, add_special_tokens=False)["input_ids"])}
        known = sorted(first - {tokenizer.unk_token_id})
        return answer, logits.float().log_softmax(dim=-1)[known].logsumexp(dim=-1).item() if known else 0.0

    def _answer(self, inputs: Inputs, max_new_tokens: int, seen: Any = None) -> tuple[Answer, torch.Tensor]:
        """And the logits [V] of its first token."""
        family, network, watch = self._family, self._network, Stopwatch(self.device)
        if seen is None:
            seen = family.see(network, inputs)
        vision_ms = watch.lap_ms()
        first_logits, cache = family.prefill(network, inputs, seen)  # [V]
        tokens = [first_logits.argmax()]
        ended = tokens[-1].item() in self._end_tokens
        prefill_ms = watch.lap_ms()
        while not ended and len(tokens) < max_new_tokens:
            place = inputs.num_prompt_tokens + len(tokens) - 1
            logits, cache = family.decode(network, tokens[-1].view(1, 1), place, cache)
            tokens.append(logits.argmax())
            ended = tokens[-1].item() in self._end_tokens
        decode_ms = watch.lap_ms() if len(tokens) > 1 else 0.0
        text = self._processor.tokenizer.decode(torch.stack(tokens), skip_special_tokens=True)
        answer = Answer(
            text=text.strip(),
            num_vision_tokens=inputs.num_vision_tokens,
            num_text_tokens=inputs.num_prompt_tokens - inputs.num_vision_tokens,
            num_output_tokens=len(tokens),
            vision_ms=vision_ms,
            prefill_ms=prefill_ms,
            decode_ms=decode_ms,
        )
        return answer, first_logits

    @torch.inference_mode()
    def language_features(self, question: str) -> np.ndarray:
        """Mean word embedding of the question's tokens, float32 [d]; zeros where it has none."""
        embedding = self._network.get_input_embeddings()
        ids = self._processor.tokenizer(question, add_special_tokens=False, return_tensors="pt")["input_ids"][0]
        rows = embedding(ids.long().to(self.device)).float()  # [tokens, d]
        mean: np.ndarray = (rows.mean(dim=0) if len(rows) else rows.new_zeros(rows.shape[1])).cpu().numpy()
        return mean

    def vision_features(self, image: Image.Image) -> np.ndarray:
        """Mean projected feature of the image's tokens at `tier_of_features`, float32 [d]."""
        return self.mean_feature(self.see(image))

    @property
    def tier_of_features(self) -> str:
        """The checkpoint's cheapest.

        It need not be in the grid: what a policy sees does not depend on which tiers it may choose.
        """
        return next(iter(self._tiers))

    @torch.inference_mode()
    def see(self, image: Image.Image) -> Any:
        """The vision stage at `tier_of_features`, whatever is turned on: for `mean_feature` and `answer`."""
        return self._family.see(self._network, self._read(image, "", self.tier_of_features))

    @torch.inference_mode()
    def mean_feature(self, seen: Any) -> np.ndarray:
        """Of what `see` gave: the mean projected feature of the image's tokens, float32 [d]."""
        mean: np.ndarray = self._family.vision_tokens(seen).float().mean(dim=0).cpu().numpy()
        return mean


DEFAULT_MAX_NEW_TOKENS = 16
"""Of a checkpoint that says nothing: the answers of visual question answering are a few words."""


def _end_tokens(network: Any, tokenizer: Any) -> frozenset[int]:
    """The model's own, or else the tokenizer's."""
    of_model = network.generation_config.eos_token_id
    if of_model is None:
        of_model = tokenizer.eos_token_id
    return frozenset([of_model] if isinstance(of_model, int) else of_model or [])
