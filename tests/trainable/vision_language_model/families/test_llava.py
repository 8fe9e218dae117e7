"""LLaVA with a dense text model: a tier is the image's side, and there is no top_k."""

from pathlib import Path

import pytest
from PIL import Image
from tiny_llava import WORDS, write_tiny_llava
from transformers import Gemma3TextConfig, PixtralVisionConfig
from turned import assert_every_knob_turns

from trainable.contract import UserError
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> VisionLanguageModel:
    return load_model(str(write_tiny_llava(tmp_path_factory.mktemp("llava"))))


def picture() -> Image.Image:
    return Image.linear_gradient("L").resize((70, 50))


def test_a_dense_model_has_no_top_k(dense: VisionLanguageModel) -> None:
    assert dense.grid.names == ("tier", "num_active_blocks")
    assert dense.grid.values == (("low", "medium", "high"), (2, 4, 6, 8))
    assert dense.max_new_tokens == 16
    assert dense.notes == ()


def test_every_knob_saves_work_and_turns_back_bit_for_bit(dense: VisionLanguageModel) -> None:
    assert_every_knob_turns(dense, picture(), "what is this?", [7, 6, 5, 4, 3, 2, 1])


def test_a_tier_is_a_third_two_thirds_or_all_of_the_side(dense: VisionLanguageModel) -> None:
    # 48 px are 6 patches of 8 px
    assert [dense.crops(tier) for tier in ("low", "medium", "high")] == [16, 32, 48]
    seen = {}
    for tier in ("low", "medium", "high"):
        dense.turn({"tier": tier, "num_active_blocks": 8}, [])
        inputs = dense.read(picture(), "what is this?")
        seen[tier] = (tuple(inputs.vision["pixel_values"].shape[1:]), inputs.num_vision_tokens)
    assert seen == {"low": ((3, 16, 16), 4), "medium": ((3, 32, 32), 16), "high": ((3, 48, 48), 36)}


def test_a_question_stands_behind_the_image_where_there_is_no_chat_template(dense: VisionLanguageModel) -> None:
    dense.turn({"tier": "low", "num_active_blocks": 8}, [])
    ids = dense.read(picture(), "what is this?").text["input_ids"][0].tolist()
    assert [WORDS[token] for token in ids] == ["<image>"] * 4 + ["what", "is", "this", "?"]


def test_blocks_whose_attention_differs_are_left_alone_and_it_is_said(tmp_path: Path) -> None:
    mixed = Gemma3TextConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=6, num_attention_heads=2,
        num_key_value_heads=2, head_dim=8, sliding_window=8, pad_token_id=0, eos_token_id=2,
    )  # fmt: skip
    model = load_model(str(write_tiny_llava(tmp_path, mixed)))
    assert model.grid.names == ("tier",)
    [note] = model.notes
    assert note == (
        "no block can be left out: its blocks differ in their attention (full_attention, sliding_attention)"
    )
    model.turn({"tier": "low"}, [])
    assert model.answer(model.read(picture(), "what is this?"), max_new_tokens=2).num_output_tokens <= 2


def test_a_vision_tower_of_another_kind_is_refused(tmp_path: Path) -> None:
    pixtral = PixtralVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=48, patch_size=8
    )
    path = str(write_tiny_llava(tmp_path, vision_config=pixtral))
    with pytest.raises(UserError, match="its vision tower is pixtral, and of LLaVA those with clip_vision_model or"):
        load_model(path)
