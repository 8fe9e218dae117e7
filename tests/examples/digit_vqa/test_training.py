"""A few steps of the example's training: what it saves can be loaded and asked, and an interruption changes nothing."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import training
from editions import DIGIT_SUMS, DIGIT_VQA, Steps
from judged import draw_judged
from kinds import NO_TOKEN
from make_model import save_model
from mosaics import at_tier, digit_pools
from network import answer_logits, build, grow, see, set_top_k
from PIL import Image
from sweep_process import ROOT
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForImageTextToText, AutoProcessor, LlavaForConditionalGeneration
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS
from words import WORDS, ids_of

from trainable.block_importance.files import read_importance
from trainable.vision_language_model.loading import load_model

SHIPPED = ROOT / "results" / "profiles" / "digit_vqa"
FEW = replace(DIGIT_SUMS, steps=Steps(vision=2, four=2, sixteen=2))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums of floats depend on how many threads share them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def small_lessons() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lessons.IMAGES", {"low": 2, "medium": 2, "high": 2})
        patch.setattr("lessons.IMAGES_OF_VISION", {"low": 2, "medium": 2, "high": 2})
        yield


@pytest.fixture(scope="module")
def taught(small_lessons: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was taught for a few steps."""
    folder = tmp_path_factory.mktemp("model")
    save_model(training.Training(FEW, digit_pools()[0], folder / "training.pt").run(), FEW, folder)
    return folder


def test_what_it_saves_is_read_by_the_auto_classes_and_answers(taught: Path) -> None:
    assert type(AutoProcessor.from_pretrained(taught, backend="pil")).__name__ == "LlavaProcessor"
    assert type(AutoModelForImageTextToText.from_pretrained(taught)).__name__ == "LlavaForConditionalGeneration"
    model = load_model(str(taught))
    assert (model.family, model.num_blocks, model.max_new_tokens) == ("llava", 16, 5)  # four digits and the end
    assert model.grid.values == (("low", "medium", "high"), (1, 2, 4, 8), (4, 8, 12, 16))
    answer = model.answer(model.read(Image.new("L", (56, 56)), "sum top row?"), model.max_new_tokens)
    assert (answer.num_vision_tokens, answer.num_text_tokens) == (196, 4)


def test_the_order_in_which_blocks_are_left_out_leaves_those_that_were_trained_together(taught: Path) -> None:
    order = read_importance(taught / "importance.json", 16)
    model = load_model(str(taught))
    assert {depth: model.active_blocks(depth, order) for depth in (4, 8, 12, 16)} == DIGIT_SUMS.blocks


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "training.pt"
    monkeypatch.setattr(training, "KEPT", 1)
    keep = training.Training._keep

    def keep_and_stop(self: training.Training, stage: str, step: int, optimizer: torch.optim.Optimizer) -> None:
        keep(self, stage, step, optimizer)
        if (stage, step) in (("four", 1), ("sixteen", 1)):
            raise Interrupted

    monkeypatch.setattr(training.Training, "_keep", keep_and_stop)
    for _ in range(2):
        with pytest.raises(Interrupted):
            training.Training(FEW, digit_pools()[0], kept).run()
    model = training.Training(FEW, digit_pools()[0], kept).run()
    whole = LlavaForConditionalGeneration.from_pretrained(taught).state_dict()
    assert all(torch.equal(weights, whole[name]) for name, weights in model.state_dict().items())


def test_a_grown_model_computes_at_first_what_the_small_one_did() -> None:
    torch.manual_seed(0)
    small = build(DIGIT_SUMS, 4)
    grown = grow(DIGIT_SUMS, small)
    images, tokens = torch.rand(2, 1, 28, 28), torch.tensor(ids_of("which digit top left?")).expand(2, 3, -1)
    with torch.no_grad():
        before = answer_logits(small, see(small, images), tokens, list(range(4)))
        for depth, blocks in DIGIT_SUMS.blocks.items():
            assert len(blocks) == depth
            assert torch.allclose(answer_logits(grown, see(grown, images), tokens, blocks), before, atol=1e-5)


def test_all_experts_at_once_give_the_sum_of_those_that_are_chosen() -> None:
    torch.manual_seed(0)
    experts = build(DIGIT_SUMS, 1).model.language_model.layers[0].mlp.experts
    hidden, shares = torch.randn(5, 64), torch.rand(5, 2)
    chosen = torch.tensor([[0, 15], [3, 1], [2, 7], [7, 2], [5, 0]])
    expected = torch.zeros(5, 64)
    for token in range(5):
        for expert, share in zip(chosen[token].tolist(), shares[token], strict=True):
            gate, up = (experts.gate_up_proj[expert] @ hidden[token]).chunk(2)
            expected[token] += share * (experts.down_proj[expert] @ (torch.nn.functional.silu(gate) * up))
    assert torch.allclose(ALL_EXPERTS_FUNCTIONS["dense"](experts, hidden, chosen, shares), expected, atol=1e-5)


def test_packed_questions_are_answered_as_the_profile_says_that_each_alone_was() -> None:
    """The shipped weights, asked the four questions about each of 60 images at once."""
    model = LlavaForConditionalGeneration.from_pretrained(SHIPPED, experts_implementation="dense")
    images, questions = draw_judged(DIGIT_VQA)
    ids = [torch.tensor(ids_of(question.text)) for question in questions[:240]]
    tokens = pad_sequence(ids, batch_first=True, padding_value=NO_TOKEN).view(60, 4, -1)
    dropped = json.loads((SHIPPED / "importance.json").read_text(encoding="utf-8"))["drop_order"][:8]
    set_top_k(model, 4)
    with torch.no_grad():
        seen = see(model, at_tier(images[:60], "medium"))
        logits = answer_logits(model, seen, tokens, sorted(set(range(16)) - set(dropped)))
    said = logits.flatten(0, 1).argmax(-1)[torch.arange(240), torch.tensor([len(one) - 1 for one in ids])]
    file = SHIPPED / "digit-vqa" / "digit-vqa_imgsizetier-medium_crops2_topk4_blocks8.json.gz"
    records = json.loads(gzip.decompress(file.read_bytes()))["per_sample_results"]
    assert [WORDS[token] for token in said.tolist()] == [record["pred"] for record in records[:240]]
