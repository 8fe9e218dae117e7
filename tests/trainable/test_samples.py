import json
from fractions import Fraction

import numpy as np
import pytest
import torch

from trainable.runs.samples import LONGEST_TEXT, MOST_ROWS, reported_samples


def test_texts_and_numbers_of_any_kind_are_shown_as_pythons_own():
    row = {
        "prompt": np.str_("2 + 2?"), "tokens": np.int64(3), "correct": True, "reward": torch.tensor(0.5),
        "third": Fraction(1, 3), "nothing": float("nan"),
    }  # fmt: skip
    (sample,) = reported_samples((row,))
    assert [type(value) for value in sample.values()] == [str, int, bool, float, float, float]
    assert json.loads(json.dumps(sample))["reward"] == 0.5


def test_of_long_texts_the_beginning_is_shown_and_of_many_rows_the_first():
    rows = [{"answer": "a" * (LONGEST_TEXT + number)} for number in range(MOST_ROWS + 3)]
    first, second, *others = reported_samples(rows)
    assert (first["answer"], len(others)) == ("a" * LONGEST_TEXT, MOST_ROWS - 2)
    assert second["answer"] == "a" * (LONGEST_TEXT - 1) + "…"


@pytest.mark.parametrize(
    ("reported", "sentence"),
    [
        (None, "the run's samples are a NoneType; give a list of dicts"),
        ("text", "the run's samples are a str"),
        ({"a": 1}, "the run's samples are a dict"),
        ([("a", 1)], "a dict of text and numbers by name"),
        ([{}], "a dict of text and numbers by name"),
        ([{"a": None}], "the run gave a NoneType as a in its samples; give text or a number"),
        ([{"a": ["x"]}], "the run gave a list as a in its samples"),
        ([{"a": 10**5000}], "the run gave a number too large for a float as a in its samples"),
        ([{1: "x"}], "the run gave 1 as a name in its samples"),
        ([{"a\nb": "x"}], "as a name in its samples; a name is one line of text"),
        ([{"a": 1}, {"b": 1}], r"the run's samples differ in their names: \['a'\] and \['b'\]"),
    ],
)
def test_what_is_no_table_of_text_and_numbers_is_named(reported, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        reported_samples(reported)
