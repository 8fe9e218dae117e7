"""Both files that say in which order blocks are left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from trainable.block_importance.files import IMPORTANCE_FILE, SCORES_FILE, read_importance, write_importance
from trainable.contract import UserError

SHIPPED = Path(__file__).resolve().parents[3] / "results" / "profiles" / "digit_vqa" / IMPORTANCE_FILE


def order_in(tmp_path: Path, content: Any, fixed: tuple[int, ...] = (0,)) -> tuple[int, ...]:
    file = tmp_path / "some.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_importance(file, num_blocks=6, fixed_blocks=fixed)


def test_what_is_written_is_read_from_either_file(tmp_path: Path) -> None:
    order = [5, 1, 4, 2, 3]
    write_importance(tmp_path, order, {"scores": [0.5] * 5})
    assert read_importance(tmp_path / IMPORTANCE_FILE, 6) == tuple(order)
    assert read_importance(tmp_path / SCORES_FILE, 6) == tuple(order)
    assert json.loads((tmp_path / SCORES_FILE).read_text(encoding="utf-8")) == {
        "5": 0.2,
        "1": 0.4,
        "4": 0.6,
        "2": 0.8,
        "3": 1.0,
    }


def test_the_originals_scores_drop_the_lowest_first(tmp_path: Path) -> None:
    assert order_in(tmp_path, {"1": 0.038, "2": 0.5, "3": -1, "4": 0.038, "5": 2}) == (3, 1, 4, 2, 5)
    assert order_in(tmp_path, {"1": 0.038, "2": 0.5, "3": -1, "4": 0.038, "5": 2}, fixed=(0, 1, 2)) == (3, 4, 5)


def test_the_shipped_models_is_read() -> None:
    assert read_importance(SHIPPED, num_blocks=16)[:3] == (10, 8, 12)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Expecting property name"),
        ([1], "it is neither"),
        ({}, "it is neither"),
        ({"drop_order": 3}, "drop_order is no list of blocks' numbers"),
        ({"drop_order": [1, True]}, "drop_order is no list of blocks' numbers"),
        ({"drop_order": [1, 6]}, "it has a block 6, and the model's are 0 to 5"),
        ({"drop_order": [1, 1]}, "it drops a block twice"),
        ({"drop_order": [1, 0]}, "it drops block 0, which the model cannot go without"),
        ({"order": [1]}, "'order': [1] is no block's number and score"),
        ({"1": 0.1, "7": 0.2}, "it has a block 7"),
        ({"1": 0.1, "01": 0.2}, "it drops a block twice"),
    ],
)
def test_a_file_of_something_else_is_refused_in_a_sentence(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        order_in(tmp_path, content)
    assert str(caught.value).startswith(f"importance of blocks {tmp_path / 'some.json'}: {said}")
    assert "\n" not in str(caught.value)
