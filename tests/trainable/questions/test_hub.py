"""Datasets of the library `datasets`, from copies on this machine."""

import io
from pathlib import Path
from typing import Any

import datasets
import pytest
from questions import picture

from trainable.contract import UserError
from trainable.questions.reading import read_questions


@pytest.fixture(scope="module")
def table() -> Any:
    """24 questions about 12 images, two about each."""
    rows = [{"image": picture(row // 2 * 20), "question": f"what is {row}?", "answer": "a cat"} for row in range(24)]
    features = {"image": datasets.Image(), "question": datasets.Value("string"), "answer": datasets.Value("string")}
    return datasets.Dataset.from_list(rows, datasets.Features(features))


@pytest.fixture(autouse=True)
def _its_own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_a_saved_dataset_is_read(table: Any, tmp_path: Path) -> None:
    table.save_to_disk(tmp_path / "my-cats")
    dataset = read_questions(str(tmp_path / "my-cats"))
    assert (dataset.name, len(dataset.questions)) == ("my_cats", 24)
    asked = dataset.questions[0]
    assert asked.image().getpixel((0, 0)) == 20 * (int(asked.key.question_id) // 2)
    # Without ids, questions about one image are those that hold the same picture.
    assert len({one.key.image_id for one in dataset.questions}) == 12


def test_a_saved_dataset_of_several_splits_is_asked_for_one(table: Any, tmp_path: Path) -> None:
    datasets.DatasetDict(dev=table, small=table.select(range(22))).save_to_disk(tmp_path / "cats")
    assert len(read_questions(f"{tmp_path / 'cats'}:small").questions) == 22
    with pytest.raises(UserError, match=r"say which of its splits, as name:split, of dev, small\)"):
        read_questions(str(tmp_path / "cats"))
    with pytest.raises(UserError, match=r"it has no split 'test', only dev, small\)"):
        read_questions(f"{tmp_path / 'cats'}:test")


def test_a_copy_of_its_files_is_read(table: Any, tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    table.add_column("image_id", [16 + row // 2 for row in range(24)]).to_parquet(
        str(tmp_path / "cats" / "validation-00000-of-00001.parquet")
    )
    for name in (str(tmp_path / "cats"), f"{tmp_path / 'cats'}:validation"):
        assert {one.key.image_id for one in read_questions(name).questions} == {str(image) for image in range(16, 28)}


def test_an_image_that_does_not_open_is_named_by_its_row(table: Any, tmp_path: Path) -> None:
    whole = io.BytesIO()
    picture(0).save(whole, "PNG")
    rows = [{"image": {"bytes": whole.getvalue(), "path": None}, "question": "?", "answer": "a"} for _ in range(5)]
    rows[3]["image"] = {"bytes": b"no image", "path": None}
    features = {
        "image": datasets.Image(decode=False),
        **{name: table.features[name] for name in ("question", "answer")},
    }
    broken = datasets.Dataset.from_list(rows, datasets.Features(features)).add_column("image_id", list(range(13, 18)))
    broken.save_to_disk(tmp_path / "cats")
    with pytest.raises(UserError, match=r"image .*cats row 3: it does not open \(of no format that Pillow knows\)"):
        read_questions(str(tmp_path / "cats"))


def test_a_dataset_without_images_says_what_it_has(table: Any, tmp_path: Path) -> None:
    table.rename_column("image", "photo").save_to_disk(tmp_path / "cats")
    with pytest.raises(UserError, match="it has no column 'image', only photo, question, answer"):
        read_questions(str(tmp_path / "cats"))


def test_a_name_that_nobody_knows_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"^--dataset nobody/nothing: it cannot be loaded \([^\n]*name:split$"):
        read_questions("nobody/nothing")


def test_without_the_library_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainable.questions.hub.find_spec", lambda name: None)
    with pytest.raises(UserError, match="the package `datasets` is missing; mend the path, or pip install datasets"):
        read_questions("some/dataset:train")
