"""What holds of each family, on a tiny checkpoint of its own classes (MolmoE's is a stand-in) with random weights."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from tiny_vlms import QUESTION, noise
from turned import assert_every_knob_turns, greedy_logits

from trainable.vision_language_model.families import native
from trainable.vision_language_model.families.choose import FAMILIES
from trainable.vision_language_model.model import VisionLanguageModel

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
Tiny = Callable[[str], VisionLanguageModel]

GRIDS = {
    "glm4v_moe": {"tier": ("low", "medium", "high"), "top_k": (1, 2, 4), "num_active_blocks": (1, 2, 4, 5)},
    "llava_onevision": {"tier": ("low", "medium", "high"), "num_active_blocks": (1, 2, 3, 4)},
    "molmoe": {"tier": ("low", "medium", "high"), "top_k": (1, 2, 4), "num_active_blocks": (1, 2, 3, 4)},
    "qwen3_vl_moe": {"tier": ("low", "medium", "high"), "top_k": (1, 2, 4), "num_active_blocks": (2, 4, 5)},
}
NATIVE = [family for family in GRIDS if family != "molmoe"]
every_family = pytest.mark.parametrize("family", GRIDS)


def drop_order(model: VisionLanguageModel) -> list[int]:
    """From the second last block down; none that is fixed."""
    return [block for block in reversed(range(model.num_blocks - 1)) if block not in model.fixed_blocks] + [
        model.num_blocks - 1
    ]


def turn_to(model: VisionLanguageModel, place: int) -> None:
    """Its cheapest (0) or dearest (-1) configuration."""
    model.turn(dict(zip(model.grid.names, model.grid.configurations[place], strict=True)), drop_order(model))


def test_no_family_is_left_out() -> None:
    assert {family.name for family in FAMILIES.values()} == {"llava", *GRIDS}  # llava: test_shipped_model.py


@every_family
def test_it_has_the_knobs_that_can_be_turned(tiny: Tiny, family: str) -> None:
    grid = tiny(family).grid
    assert dict(zip(grid.names, grid.values, strict=True)) == GRIDS[family]


@every_family
def test_every_knob_saves_work_and_turns_back_bit_for_bit(tiny: Tiny, family: str) -> None:
    assert_every_knob_turns(tiny(family), noise(), QUESTION, drop_order(tiny(family)))


@every_family
def test_after_every_configuration_the_dearest_is_what_it_was(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    turn_to(model, -1)
    inputs = model.read(noise(), QUESTION)
    before = greedy_logits(model, inputs)
    for values in model.grid.configurations[::5]:
        model.turn(dict(zip(model.grid.names, values, strict=True)), drop_order(model))
        assert model.answer(model.read(noise(), QUESTION), max_new_tokens=2).num_output_tokens <= 2
    turn_to(model, -1)
    assert torch.equal(greedy_logits(model, inputs), before)


@pytest.mark.parametrize("family", NATIVE)
def test_it_answers_as_transformers_does(tiny: Tiny, family: str) -> None:
    """Whose `generate` is given what the processor makes by itself."""
    model = tiny(family)
    turn_to(model, -1)
    processor, network = model._processor, model._network
    for width in (104, 120):
        answer = model.answer(model.read(noise(80, width), QUESTION), max_new_tokens=8)
        tensors = processor(images=[noise(80, width)], text=[native.prompt(processor, QUESTION)], return_tensors="pt")
        generated = network.generate(**tensors, do_sample=False, max_new_tokens=8)[0, tensors["input_ids"].shape[1] :]
        assert answer.text == processor.tokenizer.decode(generated, skip_special_tokens=True).strip()
        assert answer.num_output_tokens == len(generated)


@pytest.mark.parametrize("family", NATIVE)
def test_turned_down_its_tokens_are_those_of_generate(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    turn_to(model, 0)
    inputs = model.read(noise(), QUESTION)
    seen = model._family.see(model._network, inputs)
    generated = model._network.generate(
        **inputs.text, mm_encoder_outputs={"image": seen}, do_sample=False, max_new_tokens=6, min_new_tokens=6,
        eos_token_id=[],
    )  # fmt: skip
    ours = greedy_logits(model, inputs, tokens=6).argmax(dim=-1).tolist()
    assert generated[0, inputs.num_prompt_tokens :].tolist() == ours


@every_family
def test_a_dearer_tier_sees_more_of_the_image(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    counts, texts = [], set()
    for tier in model.grid.values[0]:
        dearest = {name: values[-1] for name, values in zip(model.grid.names, model.grid.values, strict=True)}
        model.turn({**dearest, "tier": tier}, [])
        inputs = model.read(noise(), QUESTION)
        counts.append(inputs.num_vision_tokens)
        texts.add(inputs.num_prompt_tokens - inputs.num_vision_tokens)
        assert len(model._family.vision_tokens(model._family.see(model._network, inputs))) == counts[-1]
    assert all(fewer < more for fewer, more in itertools.pairwise(counts)), counts
    assert len(texts) == 1


@every_family
def test_what_was_seen_for_the_features_serves_the_answer_at_that_tier(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    turn_to(model, 0)
    inputs, seen = model.read(noise(), QUESTION), model.see(noise())
    np.testing.assert_array_equal(model.mean_feature(seen), model.vision_features(noise()))
    again, kept = model.answer(inputs, 4), model.answer(inputs, 4, seen)
    assert kept.text == again.text
    assert kept.num_output_tokens == again.num_output_tokens


@every_family
def test_its_features_are_the_same_however_it_is_turned(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    seen = []
    for place in (0, -1):
        turn_to(model, place)
        seen.append((model.vision_features(noise()), model.language_features(QUESTION)))
    for cheapest, dearest in zip(*seen, strict=True):
        np.testing.assert_array_equal(cheapest, dearest)
        assert cheapest.shape == (32,)
        assert np.abs(cheapest).max() > 0
    assert not np.array_equal(model.vision_features(noise(40, 90)), seen[0][0])
