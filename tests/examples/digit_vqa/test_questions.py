"""Questions about mosaics of digits: answers are right by construction, and the shipped ones are written again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from asking import NOT_JUDGED, ask
from editions import DIGIT_SUMS, DIGIT_VQA, EDITIONS, Edition
from judged import answer_of, draw_judged
from losses import NO_DIGIT, patch_labels
from make_questions import write_questions
from mosaics import Mosaics, Pool, at_tier, digit_pools, draw_mosaics
from processor import save_processor
from sweep_process import ROOT
from words import WORDS

SHIPPED = ROOT / "results" / "profiles"
DIGITS = torch.tensor([[9, 8, 3, 1]])
"""
    9 8
    3 1
"""


def answers(edition: Edition, kind: str) -> dict[str, str]:
    """What is asked of a kind about DIGITS, and what the answer is to be."""
    number = [kind.name for kind in edition.kinds].index(kind)
    asked = ask(edition.kinds, torch.full((1, 60), number), DIGITS, edition.ends, torch.Generator().manual_seed(0))
    texts = edition.kinds[number].texts
    return {
        texts[variant]: answer_of(labels)
        for variant, labels in zip(asked.variant[0].tolist(), asked.labels[0], strict=True)
    }


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_a_digit_is_asked_for_by_its_place(edition: Edition) -> None:
    assert answers(edition, "which") == {
        "which digit top left?": "9",
        "which digit top right?": "8",
        "which digit bottom left?": "3",
        "which digit bottom right?": "1",
    }


def test_the_first_edition_asks_for_the_last_digit_of_a_sum_and_the_second_for_all_of_it() -> None:
    assert answers(DIGIT_VQA, "sum") == {
        "sum top row?": "7",  # 9 + 8 = 17
        "sum bottom row?": "4",  # 3 + 1
        "sum left column?": "2",  # 9 + 3 = 12
        "sum right column?": "9",  # 8 + 1
    }
    assert answers(DIGIT_SUMS, "sum") == {
        "sum top row?": "17",
        "sum bottom row?": "4",
        "sum left column?": "12",
        "sum right column?": "9",
    }


def test_all_digits_are_read_row_by_row_or_column_by_column() -> None:
    assert answers(DIGIT_SUMS, "read") == {"read rows?": "9831", "read columns?": "9381"}


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_a_slot_holds_the_question_and_the_answer_and_asks_for_each_token_of_the_answer_and_its_end(
    edition: Edition,
) -> None:
    number = [kind.name for kind in edition.kinds].index("sum")
    asked = ask(edition.kinds, torch.full((1, 60), number), DIGITS, edition.ends, torch.Generator().manual_seed(0))
    top_row = asked.variant[0].tolist().index(0)
    tokens, labels = asked.tokens[0, top_row], asked.labels[0, top_row]
    shown = [WORDS[token] for token in tokens.tolist()]
    told = ["." if label == NOT_JUDGED else WORDS[label] for label in labels.tolist()]
    if edition is DIGIT_VQA:
        assert shown == ["sum", "top", "row", "?", "7"]
        assert told == [".", ".", ".", "7", "."]
    else:
        assert shown == ["sum", "top", "row", "?", "1", "7", "<end>"]
        assert told == [".", ".", ".", "1", "7", "<end>", "."]


def draw_white(sides_px: float) -> Mosaics:
    """One mosaic of digits that are white squares."""
    white = Pool(torch.ones(1, 8, 8), torch.tensor([7]))
    bounds = torch.tensor([[sides_px, sides_px]])
    return draw_mosaics(white, bounds, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("side_px", [26.0, 15.0, 8.0])
def test_each_quarter_has_a_digit_of_the_asked_size_where_the_mosaic_says(side_px: float) -> None:
    mosaics = draw_white(side_px)
    assert mosaics.digits.tolist() == [[7, 7, 7, 7]]
    for place in range(4):
        column, row = place % 2 * 28, place // 2 * 28
        rows, columns = (mosaics.images[0, 0, row : row + 28, column : column + 28] > 0.5).nonzero().unbind(1)
        middle_x, middle_y = (mosaics.middles[0, place] * 56).tolist()
        for pixels, corner, middle in ((columns, column, middle_x), (rows, row, middle_y)):
            assert pixels.max() - pixels.min() + 1 == pytest.approx(side_px, abs=2)
            assert (pixels.max() + pixels.min() + 1) / 2 + corner == pytest.approx(middle, abs=1.5)


@pytest.mark.parametrize("tier", ["low", "medium", "high"])
def test_patches_are_to_name_the_digit_that_they_lie_on(tier: str) -> None:
    mosaics = draw_white(26.0)
    images = at_tier(mosaics.images, tier)
    brightness = torch.nn.functional.avg_pool2d(images, 4).flatten()
    labels = patch_labels(mosaics, brightness.numel())[0]
    assert set(labels[brightness > 0.9].tolist()) == {7}
    assert set(labels[brightness < 0.05].tolist()) <= {NO_DIGIT}


def test_what_is_judged_is_asked_of_digits_that_were_never_trained_on() -> None:
    trained, others = ({image.numpy().tobytes() for image in pool.images} for pool in digit_pools())
    assert trained
    assert others
    assert not trained & others


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_the_shipped_questions_are_written_again_byte_for_byte(edition: Edition, tmp_path: Path) -> None:
    made, shipped = tmp_path / "questions", SHIPPED / edition.name / "questions"
    write_questions(edition, made)
    assert {file.name for file in made.iterdir()} == {file.name for file in shipped.iterdir()}
    assert [file.name for file in made.iterdir() if file.read_bytes() != (shipped / file.name).read_bytes()] == []


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_the_questions_about_an_image_differ(edition: Edition) -> None:
    fewer = replace(edition, judged=replace(edition.judged, images=50))
    _, questions = draw_judged(fewer)
    assert len({(question.image, question.text) for question in questions}) == len(questions)
    assert len(questions) == 50 * edition.judged.questions


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
def test_the_shipped_tokenizer_and_processor_are_written_again_byte_for_byte(edition: Edition, tmp_path: Path) -> None:
    save_processor(edition, tmp_path)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (SHIPPED / edition.name / file.name).read_bytes(), file.name
