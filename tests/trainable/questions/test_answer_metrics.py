"""The metrics against cases worked by hand."""

import pytest

from trainable.questions.answer_metrics import ANSWER_METRICS, anls, exact_match, multiple_choice, normalised, vqa_score


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("The red car.", "red car"),
        ("Two dogs", "2 dogs"),
        ("none", "0"),
        ("$1,000", "$1000"),
        ("3.5", "3.5"),
        ("yes, it is", "yes it is"),
        ("black/white", "black white"),
        ("it's", "it's"),
        ("DONT know", "don't know"),
        ("they couldnt've, they couldn'tve", "they couldn't've they couldn't've"),
        ("a\nb\tc", "b c"),
        ("t-shirt", "t shirt"),
        ("stop - sign", "stop sign"),
    ],
)
def test_answers_are_compared_as_vqas_evaluation_compares_them(written: str, compared: str) -> None:
    assert normalised(written) == compared


@pytest.mark.parametrize(
    ("agreeing", "score"),
    # With 3 of 10: the three see two others (2/3), the seven see three (1): (3 * 2/3 + 7) / 10.
    [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)],
)
def test_three_of_ten_people_are_nearly_enough(agreeing: int, score: float) -> None:
    answers = ["Two"] * agreeing + [f"other {number}" for number in range(10 - agreeing)]
    assert vqa_score("2", answers) == pytest.approx(score)


def test_an_exact_match_is_one_of_the_answers() -> None:
    assert exact_match("The Eiffel tower.", ["Paris", "eiffel tower"]) == 1.0
    assert exact_match("tower", ["eiffel tower"]) == 0.0


@pytest.mark.parametrize(
    ("given", "answers", "score"),
    [
        ("coca cola", ["Coca Cola"], 1.0),
        ("coca cola", ["coca-cola", "pepsi"], 8 / 9),
        ("Walmart", ["walmrt"], 6 / 7),
        ("abcd", ["abxy"], 0.0),  # a half is not above a half
        ("", ["a"], 0.0),
    ],
)
def test_the_nearest_answer_counts_by_its_letters(given: str, answers: list[str], score: float) -> None:
    assert anls(given, answers) == pytest.approx(score)


@pytest.mark.parametrize(
    "given",
    [
        "B",
        "b",
        "(B)",
        "B.",
        "B: a dog",
        "B a dog",
        "Answer: B",
        "The answer is (B).",
        "B) because A is not",
        "A dog (B)",
    ],
)
def test_the_letter_of_an_option_is_found(given: str) -> None:
    assert multiple_choice(given, ["B"]) == 1.0
    assert multiple_choice(given, ["A"]) == 0.0


@pytest.mark.parametrize("given", ["A dog", "", "BUS", "I'm sure", "none of them"])
def test_an_answer_that_names_no_option_is_wrong(given: str) -> None:
    assert [multiple_choice(given, [letter]) for letter in "ABI"] == [0.0, 0.0, 0.0]


def test_every_metric_gives_the_right_answer_all_and_another_nothing() -> None:
    for metric in ANSWER_METRICS.values():
        assert metric.score("B", ["B"] * metric.fewest_answers) == 1.0
        assert metric.score("C", ["B"] * metric.fewest_answers) == 0.0
