"""Samples are the same under every spelling of their ids, and what can't be told apart is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from profiles import IMAGES, write_profile

from trainable.contract import UserError
from trainable.grpo.joint_controller import KIND
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.hashed_ngrams import hashed_ngrams
from trainable.profiles.identities import identity
from trainable.profiles.image_split import split_of_image
from trainable.profiles.table import load_profile

SPELLINGS: list[Callable[[int], Any]] = [int, float, str, "{:06d}".format, " {} ".format, "{}.0".format, "{}.".format]


def rewritten(results_dir: Path, change: Callable[[dict[str, Any], int], None], files: slice = slice(None)) -> Path:
    """The profile's files, the metadata of their samples changed, by the number of the file."""
    for number, file in list(enumerate(sorted(results_dir.glob("*/*.json"))))[files]:
        content = json.loads(file.read_text(encoding="utf-8"))
        for record in content["per_sample_results"]:
            change(record["metadata"], number)
        file.write_text(json.dumps(content), encoding="utf-8")
    return results_dir


def test_an_id_is_the_same_sample_and_the_same_side_of_the_split_however_files_spell_it(tmp_path: Path) -> None:
    def plain(metadata: dict[str, Any], number: int) -> None:
        metadata["question_id"] = metadata["image_id"]

    def spelled(metadata: dict[str, Any], number: int) -> None:
        image = metadata["image_id"]
        metadata["image_id"] = SPELLINGS[number % len(SPELLINGS)](image)
        metadata["question_id"] = SPELLINGS[(number + 1) % len(SPELLINGS)](image)

    for dataset in ("a_vqa", "b_vqa"):
        write_profile(tmp_path / "plain", dataset=dataset)
        write_profile(tmp_path / "spelled", dataset=dataset)
    expected = load_profile(rewritten(tmp_path / "plain", plain))
    profile = load_profile(rewritten(tmp_path / "spelled", spelled))
    assert profile.fingerprint == expected.fingerprint
    assert len({(key.image_id, side) for key, side in zip(profile.keys, profile.split, strict=True)}) == len(IMAGES)
    assert all(split_of_image(int(key.image_id)) == side for key, side in zip(profile.keys, profile.split, strict=True))


@pytest.mark.parametrize("text", ["0054c91397f2fe05", "1e5", "5.5", "5_0", "COCO_val2014_0005", "-", "５"])
def test_what_only_looks_like_a_number_stays_as_it_is(text: str) -> None:
    assert identity("image_id", text) == text


def test_numbers_of_any_length_have_one_spelling() -> None:
    assert identity("image_id", "000") == identity("image_id", 0.0) == "0"
    assert identity("image_id", "-007") == identity("image_id", -7) == "-7"
    assert identity("image_id", "0" + "1" * 5000) == "1" * 5000
    assert identity("image_id", "cafe\u0301") == identity("image_id", "caf\u00e9")


@pytest.mark.parametrize("value", [5.5, 1e17, float("nan"), float("inf"), True, [5], {}, "half \ud800"], ids=repr)
def test_what_is_no_id_is_refused_by_its_name(value: object) -> None:
    with pytest.raises(ValueError, match=r"^question_id is "):
        identity("question_id", value)


def message(results_dir: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_profile(results_dir)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()
    return str(caught.value)


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_samples_of_which_some_have_a_question_id_and_some_have_none_do_not_mix(tmp_path: Path, nothing: Any) -> None:
    text = message(
        rewritten(write_profile(tmp_path), lambda metadata, _: metadata.update(question_id=nothing), slice(3, None))
    )
    assert "a sample has image_id in its metadata, one in toy-vqa_imgsizetier-high" in text
    assert "has image_id and question_id, so they can't be told apart; give every sample both" in text


def test_several_samples_of_an_image_want_a_question_id(tmp_path: Path) -> None:
    def without(metadata: dict[str, Any], _: int) -> None:
        del metadata["question_id"]

    rewritten(write_profile(tmp_path), without)
    assert len(load_profile(tmp_path).keys) == len(IMAGES)  # one question an image: nothing to confuse
    repeat_the_first(next(tmp_path.glob("*/*.json")))
    text = message(tmp_path)
    assert f"several samples of image {IMAGES[0]} have no question_id, so they can't be told apart; add" in text


def test_a_sample_that_is_in_a_file_twice_is_named_with_the_file(tmp_path: Path) -> None:
    file = next(write_profile(tmp_path).glob("*/*.json"))
    repeat_the_first(file)
    text = message(tmp_path)
    assert text.startswith(f"{file}: question q{IMAGES[0]} about image {IMAGES[0]} is in it twice")


def repeat_the_first(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["per_sample_results"].append(content["per_sample_results"][0])
    file.write_text(json.dumps(content), encoding="utf-8")


def test_half_a_character_in_a_question_is_a_question_mark(tmp_path: Path) -> None:
    rewritten(write_profile(tmp_path), lambda metadata, _: metadata.update(question="what \ud800 is here"))
    settings = GRPOSettings(results_dir=str(tmp_path))
    assert set(KIND.prepare(settings).profile.questions) == {"what ? is here"}
    assert (hashed_ngrams("what \ud800 is here") == hashed_ngrams("what ? is here")).all()
