"""What ships of the second edition: the model reads the images that lie beside it, and there are enough of them."""

from collections import Counter

import numpy as np
import pytest
from editions import DIGIT_SUMS
from sweep_process import ROOT

from trainable.profiles.image_split import SPLIT_NAMES, VALIDATION, split_of_image
from trainable.profiles.table import load_profile
from trainable.questions.reading import read_questions
from trainable.questions.sample import QuestionSet
from trainable.vision_language_model.loading import load_model

SHIPPED = ROOT / "results" / "profiles" / DIGIT_SUMS.name
MOST_BYTES = 20_000_000


@pytest.fixture(scope="module")
def questions() -> QuestionSet:
    return read_questions(str(SHIPPED / "questions"))


def test_there_are_two_hundred_validation_images_with_two_questions_each(questions: QuestionSet) -> None:
    assert questions.name == DIGIT_SUMS.name
    images = {question.key.image_id for question in questions.questions}
    splits = Counter(SPLIT_NAMES[split_of_image(image)] for image in images)
    assert splits["validation"] >= 200
    assert len(questions.questions) == 2 * len(images)


def test_all_of_it_is_below_20_megabytes() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()) < MOST_BYTES


def test_the_model_answers_in_as_many_tokens_as_the_question_wants_and_mostly_right(questions: QuestionSet) -> None:
    model = load_model(str(SHIPPED))
    right = []
    for kind in ("which", "sum", "read", "code"):
        asked = [question for question in questions.questions if question.metadata["question_type"] == kind][:8]
        for question in asked:
            answer = model.answer(model.read(question.image(), question.question), model.max_new_tokens)
            assert answer.text.isdecimal()
            assert answer.num_output_tokens == len(answer.text) + 1  # and the end
            assert kind != "read" or len(answer.text) == 4
            right.append(questions.score(question, answer.text))
    assert sum(right) / len(right) > 0.5


def test_high_images_are_worth_their_price_in_the_profile() -> None:
    profile = load_profile(SHIPPED)
    assert len({*profile.images(VALIDATION)}) >= 200
    medium, high = (profile.grid.configurations.index((tier, 8, 16)) for tier in ("medium", "high"))
    accuracy, latency_ms = np.nanmean(profile.accuracy, axis=0), np.nanmean(profile.latency_ms, axis=0)
    assert accuracy[high] - accuracy[medium] > 0.05
    assert latency_ms[high] > latency_ms[medium]
