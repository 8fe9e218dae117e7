"""What is true of one family alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_vlms import QUESTION, noise, write_tiny_vlm
from torch.utils.flop_counter import FlopCounterMode
from turned import greedy_logits

from trainable.contract import UserError
from trainable.vision_language_model.families import native
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
Tiny = Callable[[str], VisionLanguageModel]
Checkpoint = Callable[[str], Path]


def test_qwen_keeps_the_blocks_that_deepstack_feeds(tiny: Tiny) -> None:
    model = tiny("qwen3_vl_moe")
    assert model.fixed_blocks == (0, 1)  # of two layers of the vision tower
    with pytest.raises(ValueError, match=r"2 of 5 blocks cannot be left by dropping \[1, 4, 3\]"):
        model.active_blocks(2, [1, 4, 3])
    model.turn({"tier": "low", "top_k": 4, "num_active_blocks": 2}, [2, 3, 4])
    inputs = model.read(noise(), QUESTION)
    family, network = model._family, model._network
    with torch.inference_mode():
        seen = family.see(network, inputs)
        fed, _ = family.prefill(network, inputs, seen)
        seen.deepstack_features = [[torch.zeros_like(part) for part in layer] for layer in seen.deepstack_features]
        unfed, _ = family.prefill(network, inputs, seen)
    assert not torch.equal(fed, unfed)


@pytest.mark.parametrize("family", ["qwen3_vl_moe", "glm4v_moe"])
def test_an_image_is_shrunk_to_the_tier_and_never_enlarged(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    for tier, most in (("low", 16), ("medium", 36), ("high", 1024)):
        model.turn({"tier": tier, "top_k": 4, "num_active_blocks": 5}, [])
        assert model.crops(tier) == most
        assert model.read(noise(24, 40), QUESTION).num_vision_tokens == 3 * 5  # of 8 x 8 pixels
        assert model.read(noise(400, 600), QUESTION).num_vision_tokens <= most
        assert model.read(noise(400, 600), QUESTION).num_vision_tokens > most * 0.6


def test_glm_chooses_experts_within_the_groups_that_are_open(checkpoint: Checkpoint) -> None:
    path = str(checkpoint("glm4v_moe"))
    model = load_model(path, top_k=[1, 8])  # 2 open groups of 4 experts
    chosen: list[torch.Tensor] = []
    gates = [block.mlp.gate for block in model._blocks.all[1:]]  # the first has none
    for gate in gates:
        gate.register_forward_hook(lambda gate, args, out: chosen.append(out[2]))
    model.turn({"tier": "low", "top_k": 8, "num_active_blocks": 5}, [])
    greedy_logits(model, model.read(noise(), QUESTION), tokens=2)
    assert len(chosen) == 2 * len(gates)
    for experts in chosen:  # [tokens, 8]
        groups = torch.nn.functional.one_hot(experts // 4, 4).sum(dim=1)  # [tokens, 4]
        assert ((groups == 4).sum(dim=1) == 2).all()
    with pytest.raises(UserError, match="top_k 9 cannot be had; this model takes 1 to 8"):
        load_model(path, top_k=[9])


def test_glm_is_asked_not_to_think(tiny: Tiny) -> None:
    assert native.prompt(tiny("glm4v_moe")._processor, QUESTION).endswith(" assistant three")
    assert native.prompt(tiny("qwen3_vl_moe")._processor, QUESTION).endswith(" assistant")


def test_a_dense_model_has_no_top_k(checkpoint: Checkpoint) -> None:
    with pytest.raises(UserError, match="top_k 2 cannot be had"):
        load_model(str(checkpoint("llava_onevision")), top_k=[2])


def test_onevision_answers_at_the_tier_at_which_the_image_was_read(tiny: Tiny) -> None:
    model = tiny("llava_onevision")
    every = [[16 * rows, 16 * columns] for rows in (1, 2, 3) for columns in (1, 2, 3)]
    model.turn({"tier": "low", "num_active_blocks": 4}, [])
    inputs = model.read(noise(), QUESTION)
    assert inputs.vision["pixel_values"].shape[1] == 1 + 1  # the whole, and one tile
    logits = greedy_logits(model, inputs)
    model.turn({"tier": "high", "num_active_blocks": 4}, [])
    assert model.read(noise(), QUESTION).vision["pixel_values"].shape[1] == 1 + 6  # two rows of three: 80 x 120
    assert torch.equal(greedy_logits(model, inputs), logits)
    assert model._network.config.image_grid_pinpoints == model._processor.image_processor.image_grid_pinpoints == every


def test_molmoe_runs_its_own_code_only_if_it_is_trusted(checkpoint: Checkpoint) -> None:
    with pytest.raises(UserError, match=r"needs Python code from the checkpoint.*add --trust_remote_code$"):
        load_model(str(checkpoint("molmoe")))


@pytest.mark.parametrize("num_active_blocks", [4, 2])
def test_molmoe_with_its_cache_answers_as_without(tiny: Tiny, num_active_blocks: int) -> None:
    model = tiny("molmoe")
    model.turn({"tier": "medium", "top_k": 2, "num_active_blocks": num_active_blocks}, [2, 1])
    inputs = model.read(noise(), QUESTION)
    assert inputs.vision["images"].shape[:2] == (1, 1 + 6)  # the whole, and max_crops
    tokens = greedy_logits(model, inputs, tokens=5).argmax(dim=-1)
    ids = inputs.text["input_ids"]
    for token in tokens:
        with torch.inference_mode():
            logits = model._network(input_ids=ids, **inputs.vision).logits[0, -1]
        assert logits.argmax() == token
        ids = torch.cat((ids, token.view(1, 1)), dim=1)


def test_llama4_is_refused_since_fewer_experts_save_nothing(tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText

    path = write_tiny_vlm(tmp_path, "llama4")
    text = AutoModelForImageTextToText.from_pretrained(path).eval().language_model
    work, logits = [], []
    for top_k in (2, 1):
        for layer in text.model.layers:
            layer.feed_forward.router.top_k = top_k
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            logits.append(text(input_ids=torch.tensor([[3, 5, 6, 7]])).logits)
        work.append(counter.get_total_flops())
    assert not torch.equal(*logits)
    assert work[0] == work[1] > 0
    said = f"--model_path {path}: of llama4 there is nothing to turn: it runs every expert on every token"
    with pytest.raises(UserError, match=re.escape(said)):
        load_model(str(path))
