"""The shipped model through the real loading code: what its knobs do, and that it says what its profile recorded."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from transformers import AutoProcessor, AutoTokenizer
from turned import assert_every_knob_turns, greedy_logits

from trainable.contract import PROJECT, UserError
from trainable.vision_language_model.model import VisionLanguageModel

SHIPPED = PROJECT / "results" / "profiles" / "digit_vqa"
FULL = {"tier": "high", "top_k": 8, "num_active_blocks": 16}


def records(tier: str, top_k: int, num_active_blocks: int) -> list[dict]:
    [file] = (SHIPPED / "digit-vqa").glob(f"*-{tier}_crops*_topk{top_k}_blocks{num_active_blocks}.json.gz")
    return json.loads(gzip.decompress(file.read_bytes()))["per_sample_results"]


def picture(image_id: int) -> Image.Image:
    return Image.open(SHIPPED / "questions" / f"{image_id:03}.png")


def test_its_grid_is_that_of_its_profile(shipped: VisionLanguageModel) -> None:
    assert shipped.grid.names == ("tier", "top_k", "num_active_blocks")
    assert shipped.grid.values == (("low", "medium", "high"), (1, 2, 4, 8), (4, 6, 8, 12, 16))
    assert (shipped.num_blocks, shipped.fixed_blocks, shipped.max_new_tokens) == (16, (0,), 1)
    assert [shipped.crops(tier) for tier in shipped.grid.values[0]] == [16, 28, 56]


def test_every_knob_saves_work_and_turns_back_bit_for_bit(
    shipped: VisionLanguageModel, mosaic: Image.Image, drop_order: list[int]
) -> None:
    assert_every_knob_turns(shipped, mosaic, "sum top row?", drop_order)


def test_its_answers_are_those_that_its_profile_recorded(shipped: VisionLanguageModel, drop_order: list[int]) -> None:
    """But for a few: the images here are rounded to 8 bits, where the profile was measured on their 11."""
    questions, agree = np.random.default_rng(0), []
    for values in shipped.grid.configurations[::4]:
        shipped.turn(dict(zip(shipped.grid.names, values, strict=True)), drop_order)
        of_profile = records(*values)
        for sample in questions.choice(len(of_profile), 8, replace=False):
            record = of_profile[sample]
            inputs = shipped.read(picture(record["metadata"]["image_id"]), record["metadata"]["question"])
            answer = shipped.answer(inputs, max_new_tokens=1)
            agree.append(answer.text == record["pred"])
            tokens = (record["actual_vision_tokens"], record["actual_text_tokens"], record["output_tokens"])
            assert (answer.num_vision_tokens, answer.num_text_tokens, answer.num_output_tokens) == tokens
    assert len(agree) == 120
    assert np.mean(agree) >= 0.97


def test_it_sees_the_features_that_the_profile_has(shipped: VisionLanguageModel) -> None:
    features = load_file(SHIPPED / "digit-vqa" / "features.safetensors")
    of_profile = records("low", 1, 4)
    for sample in (0, 777, 1999):
        metadata = of_profile[sample]["metadata"]
        language = shipped.language_features(metadata["question"])
        np.testing.assert_array_equal(language, features["language"][sample])
        vision = shipped.vision_features(picture(metadata["image_id"]))
        np.testing.assert_allclose(vision, features["vision"][sample], atol=0.05)  # of up to 14; 8 bits
        assert language.dtype == vision.dtype == np.float32


def test_the_features_do_not_depend_on_what_is_turned(
    shipped: VisionLanguageModel, mosaic: Image.Image, drop_order: list[int]
) -> None:
    shipped.turn(FULL, drop_order)
    language, vision = shipped.language_features("sum top row?"), shipped.vision_features(mosaic)
    shipped.turn({"tier": "medium", "top_k": 1, "num_active_blocks": 4}, drop_order)
    np.testing.assert_array_equal(shipped.vision_features(mosaic), vision)
    np.testing.assert_array_equal(shipped.language_features("sum top row?"), language)
    assert not shipped.language_features("").any()


@pytest.mark.parametrize("configuration", [FULL, {"tier": "low", "top_k": 2, "num_active_blocks": 6}])
def test_its_tokens_are_those_of_generate(
    shipped: VisionLanguageModel, mosaic: Image.Image, drop_order: list[int], configuration: dict
) -> None:
    shipped.turn(configuration, drop_order)
    inputs = shipped.read(mosaic, "which digit top left?")
    ours = greedy_logits(shipped, inputs, tokens=6).argmax(dim=-1).tolist()
    seen = shipped._family.see(shipped._network, inputs)
    generated = shipped._network.generate(
        **inputs.text, mm_encoder_outputs={"image": seen}, do_sample=False, max_new_tokens=6
    )
    assert generated[0, inputs.num_prompt_tokens :].tolist() == ours
    answer = shipped.answer(inputs, max_new_tokens=6)
    assert answer.text == shipped._processor.tokenizer.decode(ours, skip_special_tokens=True)
    assert answer.num_output_tokens == 6


def test_an_answer_ends_where_generate_ends_it(
    shipped: VisionLanguageModel, mosaic: Image.Image, drop_order: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped.turn(FULL, drop_order)
    inputs = shipped.read(mosaic, "which digit top left?")
    second = int(greedy_logits(shipped, inputs, tokens=2)[1].argmax())
    monkeypatch.setattr(shipped, "_end_tokens", frozenset([second]))
    seen = shipped._family.see(shipped._network, inputs)
    generated = shipped._network.generate(
        **inputs.text, mm_encoder_outputs={"image": seen}, do_sample=False, max_new_tokens=6, eos_token_id=second
    )
    answer = shipped.answer(inputs, max_new_tokens=6)
    assert answer.num_output_tokens == generated.shape[1] - inputs.num_prompt_tokens == 2


def test_each_stage_has_its_time(shipped: VisionLanguageModel, mosaic: Image.Image) -> None:
    inputs = shipped.read(mosaic, "code red fox?")
    one, many = shipped.answer(inputs, max_new_tokens=1), shipped.answer(inputs, max_new_tokens=3)
    assert one.decode_ms == 0 < many.decode_ms
    assert min(one.vision_ms, one.prefill_ms) > 0
    assert many.total_ms == many.vision_ms + many.prefill_ms + many.decode_ms


def test_a_picture_of_any_size_and_in_colour_is_read(shipped: VisionLanguageModel, mosaic: Image.Image) -> None:
    other = mosaic.resize((90, 40)).convert("RGBA")
    assert shipped.read(other, "sum top row?").vision["pixel_values"].shape == (1, 1, 56, 56)


def test_its_vocabulary_splits_a_question_as_it_was_trained() -> None:
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    words = json.loads((SHIPPED / "vocabulary.json").read_text(encoding="utf-8"))["words"]
    assert tokenizer.convert_ids_to_tokens(range(len(words))) == words
    assert tokenizer.tokenize("Which digit top left?") == ["which", "digit", "top", "left", "?"]
    assert tokenizer("how red?")["input_ids"] == [0, words.index("red"), words.index("?")]


def test_transformers_reads_image_and_question_with_its_processor() -> None:
    processor = AutoProcessor.from_pretrained(SHIPPED)
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "sum top row?"}]}
    text = processor.apply_chat_template([message], add_generation_prompt=True)
    read = processor(images=picture(0), text=text, return_tensors="pt")
    assert read["pixel_values"].shape == (1, 1, 56, 56)
    assert read["input_ids"].shape == (1, 196 + 4)


def test_a_question_that_holds_the_token_of_an_image_is_refused(
    shipped: VisionLanguageModel, mosaic: Image.Image
) -> None:
    with pytest.raises(UserError, match=r"question 'what <image> is\?': the model's processor cannot read it"):
        shipped.read(mosaic, "what <image> is?")


def test_a_knob_it_lacks_or_a_value_it_cannot_have_is_refused(
    shipped: VisionLanguageModel, drop_order: list[int]
) -> None:
    for odd in ({**FULL, "top_k": 3}, {**FULL, "tier": "huge"}, {"tier": "low"}, {**FULL, "crops": 1}):
        with pytest.raises(ValueError, match=r"top_k is 3|tier is 'huge'|the knobs are"):
            shipped.turn(odd, drop_order)
    with pytest.raises(ValueError, match="4 of 16 blocks cannot be left"):
        shipped.turn({**FULL, "num_active_blocks": 4}, drop_order[:3])


def test_blocks_are_left_out_in_the_order_given(shipped: VisionLanguageModel, drop_order: list[int]) -> None:
    header = json.loads(gzip.decompress(next((SHIPPED / "digit-vqa").glob("*low*topk1_blocks6.json.gz")).read_bytes()))
    assert shipped.active_blocks(6, drop_order) == header["active_block_indices"]
    assert shipped.active_blocks(16, []) == list(range(16))


def test_its_questions_are_those_of_its_profile() -> None:
    folder = SHIPPED / "questions"
    lines = [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [{key: value for key, value in line.items() if key != "file_name"} for line in lines] == [
        record["metadata"] for record in records("low", 1, 4)
    ]
    stored = load_file(SHIPPED / "images.safetensors")
    for image_id in (0, 250, 499):
        pixels = np.asarray(picture(image_id), dtype=np.float32) / 255
        assert np.abs(pixels - stored["images"][image_id, 0].astype(np.float32)).max() <= 0.5 / 255 + 1e-6
    assert len({line["file_name"] for line in lines}) == len(list(Path(folder).glob("*.png"))) == 500
