"""The order in which the blocks of a small model are left out, found on questions about images."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from questions import a_row, write_folder
from tiny_llava import WORDS, write_tiny_llava
from transformers import LlamaConfig, LlavaForConditionalGeneration

from trainable.block_importance.files import IMPORTANCE_FILE, SCORES_FILE, read_importance
from trainable.block_importance.finding import PARTIAL_FILE, WEIGHT_OF_LIKELIHOOD, find_importance, mean
from trainable.questions.reading import read_questions
from trainable.questions.sample import QuestionSet
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

BLOCKS, IDLE = 5, 3
"""How many there are, and one that does nothing."""
WHOLE = {"tier": "high", "num_active_blocks": BLOCKS}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> VisionLanguageModel:
    """Blocks with random weights, one of which adds nothing to what goes through it."""
    text = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=BLOCKS, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=0, bos_token_id=None, eos_token_id=2,
    )  # fmt: skip
    folder = write_tiny_llava(tmp_path_factory.mktemp("model"), text)
    network = LlavaForConditionalGeneration.from_pretrained(folder)
    block = network.model.language_model.layers[IDLE]
    with torch.no_grad():
        block.self_attn.o_proj.weight.zero_()
        block.mlp.down_proj.weight.zero_()
    network.save_pretrained(folder)
    return load_model(str(folder))


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> QuestionSet:
    asked = (("what is this ?", "cat"), ("is this a cat ?", "dog"))
    rows = [a_row(image, *asked[image % 2]) for image in range(12)]
    return read_questions(str(write_folder(tmp_path_factory.mktemp("questions"), rows)))


class Asked:
    """How many answers were examined; the process is killed at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, killed_at: int | None = None) -> None:
        self.count = 0
        examine = VisionLanguageModel.examine

        def counted(model: VisionLanguageModel, *arguments: Any) -> Any:
            self.count += 1
            if self.count == killed_at:
                raise KeyboardInterrupt
            return examine(model, *arguments)

        patch.setattr(VisionLanguageModel, "examine", counted)


@pytest.fixture(scope="module")
def found(
    model: VisionLanguageModel, questions: QuestionSet, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int]:
    """The folder that it was written to, and how many answers it took."""
    folder = tmp_path_factory.mktemp("found")
    with pytest.MonkeyPatch.context() as patch:
        asked = Asked(patch)
        find_importance(model, questions, questions.samples(0), 2, folder)
    return folder, asked.count


def content(found: tuple[Path, int]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((found[0] / IMPORTANCE_FILE).read_text(encoding="utf-8"))
    return read


def score(model: VisionLanguageModel, questions: QuestionSet, active: list[int]) -> float:
    """What a set of blocks is worth, with each question read anew."""
    model.turn(WHOLE, ())
    model.keep_blocks(active)
    total = 0.0
    for index in questions.samples(0):
        one = questions.questions[index]
        answer, log_probability = model.examine(model.read(one.image(), one.question), 2, one.answers)
        total += questions.score(one, answer.text) + WEIGHT_OF_LIKELIHOOD * log_probability
    return total / len(questions.samples(0))


def test_every_block_but_the_first_is_in_the_order(found: tuple[Path, int]) -> None:
    folder, _ = found
    order = read_importance(folder / IMPORTANCE_FILE, BLOCKS)
    assert sorted(order) == list(range(1, BLOCKS))
    assert read_importance(folder / SCORES_FILE, BLOCKS) == order
    assert not (folder / PARTIAL_FILE).exists()


def test_each_block_that_goes_is_the_one_that_is_missed_least(
    model: VisionLanguageModel, questions: QuestionSet, found: tuple[Path, int]
) -> None:
    left, said = list(range(BLOCKS)), content(found)
    for gone, its_score in list(zip(said["drop_order"], said["scores"], strict=True))[:2]:
        others = {block: score(model, questions, [one for one in left if one != block]) for block in left[1:]}
        assert its_score == pytest.approx(others[gone], abs=1e-6)
        assert its_score == pytest.approx(max(others.values()), abs=1e-6)
        left.remove(gone)


def test_a_block_that_does_nothing_costs_nothing(found: tuple[Path, int]) -> None:
    said = content(found)
    place = said["drop_order"].index(IDLE)
    assert said["scores"][place] == pytest.approx([said["score"], *said["scores"]][place], abs=1e-6)


def test_killed_it_goes_on_from_the_last_score(
    model: VisionLanguageModel, questions: QuestionSet, found: tuple[Path, int], tmp_path: Path
) -> None:
    folder, whole = found
    others = {"about": {"model": "another"}, "values": {"all": [0.5]}}  # which nothing can be taken from
    (tmp_path / PARTIAL_FILE).write_text(json.dumps(others), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        Asked(patch, killed_at=whole // 2)
        with pytest.raises(KeyboardInterrupt):
            find_importance(model, questions, questions.samples(0), 2, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        asked = Asked(patch)
        find_importance(model, questions, questions.samples(0), 2, tmp_path)
    assert (tmp_path / IMPORTANCE_FILE).read_bytes() == (folder / IMPORTANCE_FILE).read_bytes()
    assert whole // 2 + asked.count <= whole + len(questions.samples(0))


def test_the_likelihood_of_a_right_answers_beginning_is_that_of_its_first_word(
    model: VisionLanguageModel, questions: QuestionSet
) -> None:
    model.turn(WHOLE, ())
    inputs = model.read(questions.questions[0].image(), "what is this ?")
    likely = {word: math.exp(model.examine(inputs, 1, [word])[1]) for word in WORDS[2:]}
    assert math.exp(model.examine(inputs, 1, ["cat", "dog ?"])[1]) == pytest.approx(likely["cat"] + likely["dog"])
    assert 0.0 < sum(likely.values()) < 1.0
    assert model.examine(inputs, 1, ["unheard"])[1] == 0.0


def test_a_mean_is_given_up_when_it_must_be_less() -> None:
    taken = []

    def worths(*values: float) -> Any:
        for value in values:
            taken.append(value)
            yield value

    assert mean(worths(1.0, 0.0, 1.0, 0.0), 4, at_least=0.5) == 0.5
    taken.clear()
    # After the third, (1 + 0 + 0 + 1) / 4 is the most that it can be.
    assert mean(worths(1.0, 0.0, 0.0, 1.0), 4, at_least=0.51) is None
    assert taken == [1.0, 0.0, 0.0]
