"""Datasets from folders and files of JSON lines, and what is said of those that cannot be used."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from questions import a_row, picture, write_folder

from trainable.contract import UserError
from trainable.profiles.image_split import split_of_image
from trainable.questions.reading import read_questions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "my-cats", [a_row(image) for image in range(12)])


def complaint(dataset: Path | str, metric: str | None = None, max_samples: int | None = None) -> str:
    """What the user reads: one sentence in one line."""
    with pytest.raises(UserError) as caught:
        read_questions(str(dataset), metric, max_samples)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rewrite(folder: Path, line: int, **fields: object) -> None:
    """Change one line of a folder's metadata, counted from 1; None takes a field out."""
    file = folder / "metadata.jsonl"
    rows = [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()]
    rows[line - 1] = {name: value for name, value in (rows[line - 1] | fields).items() if value is not None}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


# What is read.


def test_a_folder_is_a_dataset_named_with_underscores(folder: Path) -> None:
    rewrite(folder, 3, image_id=7.0, question_id=" 050 ", question=" Which cat? ", question_type="which", seen=None)
    dataset = read_questions(str(folder))
    assert (dataset.name, dataset.metric, len(dataset.questions)) == ("my_cats", "exact_match", 12)
    (changed,) = (one for one in dataset.questions if one.key.question_id == "50")
    assert (changed.key.dataset, changed.key.image_id) == ("my_cats", "7")
    assert (changed.question, changed.answers) == ("Which cat?", ("a cat",))
    assert changed.metadata == {
        "image_id": 7.0, "question_id": " 050 ", "question": "Which cat?", "answer": "a cat", "question_type": "which",
    }  # fmt: skip
    assert changed.image().getpixel((0, 0)) == 40
    assert dataset.score(changed, "Cat!") == 1.0


def test_questions_come_in_the_order_of_a_profiles_samples(tmp_path: Path) -> None:
    rows = [a_row(0, image_id=image, question_id=question) for question, image in enumerate((10, 9, "y", 10, 3, 4))]
    dataset = read_questions(str(write_folder(tmp_path / "d", rows)))
    keys = [(one.key.image_id, one.key.question_id) for one in dataset.questions]
    assert keys == [("3", "4"), ("4", "5"), ("9", "1"), ("10", "0"), ("10", "3"), ("y", "2")]


def test_an_image_without_an_id_is_known_by_its_path_and_a_question_by_its_place(folder: Path) -> None:
    first = read_questions(str(folder)).questions[0]
    assert (first.key.image_id, first.key.question_id) == ("0.png", "0")
    assert (first.metadata["image_id"], first.metadata["question_id"]) == ("0.png", 0)


def test_a_file_of_lines_is_a_dataset_named_after_it(folder: Path) -> None:
    file = folder / "few cats.jsonl"
    lines = [json.dumps({"image": f"{image}.png", "question": "é?", "answers": ["b", 2]}) for image in range(5)]
    # With a mark at its start, as some editors leave one, a blank line, and the ends of lines of another system.
    file.write_bytes(("\ufeff" + "\r\n\r\n".join(lines)).encode())
    dataset = read_questions(str(file))
    assert (dataset.name, dataset.questions[0].question, dataset.questions[0].answers) == ("few_cats", "é?", ("b", "2"))
    assert dataset.questions[0].metadata["answers"] == ["b", "2"]


def test_a_folder_says_how_it_is_named_and_judged(folder: Path) -> None:
    (folder / "dataset.json").write_text('{"metric": "anls", "name": "the_cats"}', encoding="utf-8")
    assert (read_questions(str(folder)).name, read_questions(str(folder)).metric) == ("the_cats", "anls")
    assert read_questions(str(folder), "exact_match").metric == "exact_match"


def test_what_ten_people_said_is_read_as_vqas_files_have_it(folder: Path) -> None:
    said = [{"answer": "yes", "answer_id": person} for person in range(3)] + [{"answer": "no"}] * 7
    for line in range(1, 13):
        rewrite(folder, line, answers=said)
    dataset = read_questions(str(folder), "vqa_score")
    assert dataset.score(dataset.questions[0], "Yes.") == pytest.approx(0.9)


@pytest.mark.parametrize("answer", ["B", "b", "a dog", 1])
def test_an_option_is_asked_for_by_its_letter(folder: Path, answer: str | int) -> None:
    for line in range(1, 13):
        rewrite(folder, line, options=["a cat", "a dog"], answer=answer)
    dataset = read_questions(str(folder), "multiple_choice")
    asked = dataset.questions[0]
    assert asked.question == "what is it?\nA. a cat\nB. a dog\nAnswer with the option's letter."
    assert asked.answers == ("B",)
    assert dataset.score(asked, "(B) a dog") == 1.0


def test_pictures_are_upright_and_grey_or_coloured(folder: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # a camera held upright
    picture(200).save(folder / "0.jpg", exif=turned)
    picture(10).convert("RGBA").save(folder / "1.png")
    rewrite(folder, 1, file_name="0.jpg")
    images = {one.key.image_id: one.image() for one in read_questions(str(folder)).questions}
    assert images["0.jpg"].size == (4, 6)
    assert [images[name].mode for name in ("0.jpg", "1.png", "2.png")] == ["L", "RGB", "L"]


# A part of it.


def test_a_part_holds_whole_images_of_every_split_and_a_larger_one_holds_it(tmp_path: Path) -> None:
    rows = [a_row(0, image_id=image, question_id=4 * image + one) for image in range(60) for one in range(4)]
    folder = write_folder(tmp_path / "d", rows)
    parts = [read_questions(str(folder), max_samples=most) for most in (43, 100, 1000)]
    keys = [{one.key for one in part.questions} for part in parts]
    assert [len(part) for part in keys] == [40, 100, 240]
    assert keys[0] < keys[1] < keys[2]
    for part in parts:
        images = {one.key.image_id for one in part.questions}
        in_validation = sum(split_of_image(image) == 1 for image in images)
        all_in_validation = sum(split_of_image(str(image)) == 1 for image in range(60))
        assert abs(in_validation - len(images) * all_in_validation / 60) <= 1


def test_the_samples_of_one_split(folder: Path) -> None:
    tested = read_questions(str(folder), split="test")
    assert [one.key.image_id for one in tested.questions] == ["5.png", "9.png"]
    assert [one.key.image_id for one in read_questions(str(folder), max_samples=1, split="test").questions] == ["5.png"]


def test_indices_of_a_split(folder: Path) -> None:
    dataset = read_questions(str(folder))
    assert [dataset.questions[index].key.image_id for index in dataset.samples(1)] == ["3.png", "4.png"]


# What it is told apart by.


def test_the_identity_is_of_what_is_asked_and_seen_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    before = read_questions(str(folder)).identity
    copy = shutil.copytree(folder, tmp_path / "elsewhere" / "my_cats")
    lines = (copy / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    rewrite(copy, 1, unknown="field")
    assert read_questions(str(copy)).identity == before
    assert read_questions(str(copy), "anls").identity != before
    for name, value in (("question", "who?"), ("answer", "a dog"), ("question_id", 99)):
        rewrite(copy, 1, **{name: value})
        assert read_questions(str(copy)).identity != before
        (copy / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    picture(1).save(copy / "0.png")
    assert read_questions(str(copy)).identity != before


# What cannot be used.


def test_a_line_that_is_no_json_is_named(folder: Path) -> None:
    file = folder / "metadata.jsonl"
    file.write_text(
        file.read_text(encoding="utf-8").replace('"question": "what is it?"', '"question": what?', 1), encoding="utf-8"
    )
    assert complaint(folder).startswith(f"{file} line 1: not readable as JSON (")
    file.write_bytes(b'{"question": "\xff"}\n')
    assert complaint(folder).startswith(f"{file} line 1: not readable as JSON (")
    file.write_text("[1]\n", encoding="utf-8")
    assert "line 1: it is no JSON object with an image" in complaint(folder)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file_name": None}, "it names no image; give file_name or image"),
        ({"question": None}, "it has no question; its fields are answer; mend"),
        ({"question": "  "}, "it has no question"),
        ({"answer": None}, "it has no answers; its fields are question; mend"),
        ({"answer": ""}, "it has no answers"),
        ({"answers": []}, "it has no answers"),
        ({"answer": True}, "its answer is True, not a text or a number"),
        ({"image_id": [1]}, "image_id is [1], not a whole number or a text"),
        ({"options": "a or b"}, "its options are 'a or b', not a list"),
        ({"options": ["x"], "answer": 1}, "its answer is option 1 of 1, counted from 0"),
        ({"question_id": 0}, "question_id 0 is "),
    ],
)
def test_a_line_that_lacks_something_is_named(folder: Path, fields: dict[str, object], said: str) -> None:
    rewrite(folder, 3, **fields)
    assert f"metadata.jsonl line 3: {said}" in complaint(folder)


def test_a_metric_says_what_it_needs(folder: Path) -> None:
    assert "line 1: it has 1 of the 4 answers that --answer_metric vqa_score needs; mend" in complaint(
        folder, "vqa_score"
    )
    assert "line 1: its answer is 'a cat', which is none of a letter, and it has no options" in complaint(
        folder, "multiple_choice"
    )
    (folder / "dataset.json").write_text('{"metric": "bleu"}', encoding="utf-8")
    assert complaint(folder, "bleu").startswith("--answer_metric bleu is not known; it can be exact_match, vqa_score")
    assert complaint(folder).startswith(f"--dataset {folder}: its metric bleu is not known")
    (folder / "dataset.json").write_text('{"metrics": "bleu"}', encoding="utf-8")
    assert "dataset.json: it can hold a JSON object with metric and name" in complaint(folder)


def test_images_that_do_not_open_are_named_and_counted(folder: Path) -> None:
    (folder / "3.png").unlink()
    assert f"image {folder / '3.png'}: it does not open (there is no such file); mend them" in complaint(folder)
    (folder / "2.png").write_text("no image", encoding="utf-8")
    said = complaint(folder)
    assert f"image {folder / '2.png'}: it does not open (of no format that Pillow knows), nor do 1 others" in said
    Image.effect_noise((64, 64), 90).save(folder / "whole.jpg")
    for name, kind in (("2.png", "PNG"), ("2.jpg", "JPEG")):
        Image.effect_noise((64, 64), 90).save(folder / name, kind)
        cut = (folder / name).read_bytes()
        (folder / name).write_bytes(cut[: len(cut) // 2])
        rewrite(folder, 3, file_name=name)
        assert f"image {folder / name}: it does not open (" in complaint(folder)


def test_an_image_that_goes_away_later_is_named(folder: Path) -> None:
    asked = read_questions(str(folder)).questions[0]
    (folder / "0.png").unlink()
    with pytest.raises(UserError, match=r"image .*0\.png: it does not open \(there is no such file\)"):
        asked.image()


def test_a_dataset_needs_images_to_train_and_to_validate_on(tmp_path: Path) -> None:
    no_validation = write_folder(tmp_path / "a", [a_row(image) for image in (0, 1, 2, 5)])
    assert "none of its 4 images falls into the validation split" in complaint(no_validation)
    no_training = write_folder(tmp_path / "b", [a_row(image) for image in (3, 4)])
    assert "none of its 2 images falls into the train split" in complaint(no_training)
    both = write_folder(tmp_path / "c", [a_row(image) for image in range(5)])
    assert "none of its 1 images (with --max_samples 1) falls into the validation split" in complaint(both, None, 1)
    with pytest.raises(UserError, match="none of its 0 images falls into the test split"):
        read_questions(str(both), split="test")


def test_what_is_no_dataset_is_said_to_be_none(tmp_path: Path) -> None:
    assert "there is no metadata.jsonl in it, nor a copy of a hub's dataset" in complaint(tmp_path)
    for gone in ("gone.jsonl", "gone", "gone:train"):
        assert "there is no such file or folder" in complaint(tmp_path / gone)
    assert "it holds no question" in complaint(write_folder(tmp_path / "empty", []))
