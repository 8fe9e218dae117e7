"""What a store takes for the order in which blocks are left out."""

import json
from pathlib import Path

import pytest
from questions import a_row, write_folder
from tiny_llava import WORDS, write_tiny_llava
from transformers import LlamaConfig

from trainable.block_importance.files import IMPORTANCE_FILE, SCORES_FILE, read_importance
from trainable.contract import UserError
from trainable.measuring.opening import open_meter
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store_file import StoreContents

BLOCKS = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=BLOCKS, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=0, bos_token_id=None, eos_token_id=2,
    )  # fmt: skip
    return write_tiny_llava(tmp_path_factory.mktemp("model"), text)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("questions"), [a_row(image, "what is this ?") for image in range(12)])


def opened(
    model: Path, questions: Path, output: Path, importance: str | None = None
) -> tuple[StoreContents, list[str]]:
    """What the store is of, and what was said."""
    said: list[str] = []
    settings = MeasuringSettings(
        str(model), str(questions), str(output), importance=importance, importance_samples=3, max_new_tokens=1
    )
    return open_meter(settings, said.append).store.contents, said


def test_it_is_found_where_nothing_says_it_and_kept(model: Path, questions: Path, tmp_path: Path) -> None:
    contents, said = opened(model, questions, tmp_path / "store")
    assert "finding in which order blocks are left out, on 3 training questions" in said[0]
    order = read_importance(tmp_path / "store" / IMPORTANCE_FILE, BLOCKS)
    assert sorted(order) == [1, 2, 3]
    assert contents.identity.knobs["drop_order"] == list(order)
    assert contents.active_blocks[1] == (0,)
    again, said = opened(model, questions, tmp_path / "store")
    assert again.identity == contents.identity
    assert said == []


def test_the_originals_file_beside_the_model_is_taken(model: Path, questions: Path, tmp_path: Path) -> None:
    (model / SCORES_FILE).write_text('{"1": 0.5, "2": 0.038, "3": 0.4}', encoding="utf-8")
    try:
        contents, said = opened(model, questions, tmp_path / "store")
    finally:
        (model / SCORES_FILE).unlink()
    assert contents.identity.knobs["drop_order"] == [2, 3, 1]
    assert any(line.endswith(f"in the order of {model / SCORES_FILE}") for line in said)
    assert read_importance(tmp_path / "store" / IMPORTANCE_FILE, BLOCKS) == (2, 3, 1)


def test_an_order_of_too_few_blocks_is_refused(model: Path, questions: Path, tmp_path: Path) -> None:
    (tmp_path / "few.json").write_text(json.dumps({"drop_order": [2]}), encoding="utf-8")
    with pytest.raises(UserError, match="names 1, and num_active_blocks 1 leaves out 3; give --importance"):
        opened(model, questions, tmp_path / "store", importance=str(tmp_path / "few.json"))
