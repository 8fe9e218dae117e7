import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from profiles import IMAGES, images_of, write_profile
from safetensors.numpy import load_file, save_file

from trainable.contract import UserError
from trainable.profiles.features import load_features
from trainable.profiles.hashed_ngrams import HASHED_SIZE, hashed_ngrams
from trainable.profiles.identities import ids_as_array
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.profiles.table import Profile, load_profile


def write_features(results_dir: Path, dataset: str = "toy_vqa", without: str = "", images=IMAGES) -> Path:
    """Row i belongs to images[i]; its language features are the image id and its square, its vision feature the id."""
    ids = np.array(images, dtype=np.float32)
    rows = {"language": np.stack([ids, ids**2], axis=1), "vision": ids[:, None]}
    rows["question_id"] = np.array(images, dtype=np.int64)
    file = results_dir / dataset.replace("_", "-") / "features.safetensors"
    save_file({name: array for name, array in rows.items() if name != without}, file)
    return file


@pytest.fixture
def profile(tmp_path) -> Profile:
    return numbered(write_profile(tmp_path))


def numbered(results_dir: Path) -> Profile:
    """Question ids become the image's number, as numbers are what a features file can hold."""
    for file in results_dir.glob("*/*.json"):
        file.write_text(
            file.read_text(encoding="utf-8").replace('"question_id": "q', '"question_id": "'), encoding="utf-8"
        )
    return load_profile(results_dir)


def test_ids_that_are_texts_are_found_too(tmp_path):
    profile = load_profile(write_profile(tmp_path))
    file = write_features(tmp_path)
    rows = load_file(file)
    rows["question_id"] = ids_as_array([f"q{image}" for image in IMAGES])
    save_file(rows, file)
    assert load_features(profile).raw[:, 0].tolist() == [float(key.image_id) for key in profile.keys]


def message(profile: Profile) -> str:
    with pytest.raises(UserError) as caught:
        load_features(profile)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_profile_has_language_and_vision_features(shipped):
    assert shipped.features.raw.shape == (2000, 128)
    assert (shipped.features.language_size, shipped.features.vision_size) == (64, 64)


def test_features_are_found_by_the_question_not_by_their_row(profile):
    write_features(profile.results_dir, images=IMAGES[::-1])
    standardised = load_features(profile).standardised()
    ids = np.array([float(key.image_id) for key in profile.keys])
    training = profile.samples(TRAIN)
    for column, expected in ((standardised[:, 0], ids), (standardised[:, 1], ids**2)):
        by_hand = (expected - expected[training].mean()) / expected[training].std()
        np.testing.assert_allclose(column, by_hand, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(standardised[:, 2], standardised[:, 0])  # vision behind language


def test_without_a_features_file_the_question_is_hashed_and_nothing_is_seen(profile):
    features = load_features(profile)
    assert features.raw.shape == (len(IMAGES), 256)
    assert (features.language_size, features.vision_size) == (256, 0)
    # "what is even here?" or "what is odd here?": two kinds of row, told apart
    assert len(np.unique(features.raw, axis=0)) == 2


def test_without_vision_in_the_file_there_is_no_vision(profile):
    write_features(profile.results_dir, without="vision")
    features = load_features(profile)
    assert features.raw.shape == (len(IMAGES), 2)
    assert (features.language_size, features.vision_size) == (2, 0)


def test_the_features_of_two_datasets_do_not_mix(tmp_path):
    write_profile(tmp_path, dataset="ok_vqa")
    write_profile(tmp_path, dataset="toy_vqa")
    profile = numbered(tmp_path)
    write_features(tmp_path, "ok_vqa")
    write_features(tmp_path, "toy_vqa", images=[image + 100_000 for image in IMAGES])
    assert "toy-vqa" in message(profile)  # its file lacks the profile's questions, though the other one has them


def test_one_dataset_without_a_file_means_hashed_questions_for_all(tmp_path):
    write_profile(tmp_path, dataset="ok_vqa")
    write_profile(tmp_path, dataset="toy_vqa")
    profile = numbered(tmp_path)
    write_features(tmp_path, "ok_vqa")
    features = load_features(profile)
    assert features.raw.shape == (2 * len(IMAGES), 256)
    assert features.vision_size == 0


def test_columns_are_standardised_by_the_training_samples_alone(tmp_path):
    images = [*images_of(TRAIN, 2), *images_of(VALIDATION, 1)]
    profile = numbered(write_profile(tmp_path, images=images))
    language = np.array([[1.0, 5.0], [3.0, 5.0], [100.0, 9.0]], dtype=np.float32)
    file = tmp_path / "toy-vqa" / "features.safetensors"
    save_file({"language": language, "question_id": np.array(images, dtype=np.int64)}, file)
    standardised = load_features(profile).standardised()
    row = {key.image_id: of_image for key, of_image in zip(profile.keys, standardised, strict=True)}
    # mean 2, std 1; a column that does not vary is centred and otherwise left alone
    by_hand = [[-1.0, 0.0], [1.0, 0.0], [98.0, 4.0]]
    np.testing.assert_allclose([row[str(image)] for image in images], by_hand)
    assert standardised.dtype == np.float32


def test_words_and_pairs_of_words_are_counted_with_the_sign_of_their_hash():
    expected = np.zeros(HASHED_SIZE)
    for text in ("the", "cat", "the", "the cat", "cat the"):
        code = zlib.crc32(text.encode())
        expected[code % HASHED_SIZE] += 1 if code >= 2**31 else -1
    np.testing.assert_array_equal(hashed_ngrams("The cat the"), expected)


def test_the_order_of_words_matters():
    assert not np.array_equal(hashed_ngrams("left of right"), hashed_ngrams("right of left"))


def test_an_empty_question_has_features_of_0():
    np.testing.assert_array_equal(hashed_ngrams(""), np.zeros(256))


def test_the_hash_is_the_same_in_another_process():
    question = "which digit top left?"
    code = f"from trainable.profiles.hashed_ngrams import hashed_ngrams; print(hashed_ngrams({question!r}).tolist())"
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env={"PYTHONHASHSEED": "123"}
    )
    assert other.stdout.strip() == str(hashed_ngrams(question).tolist())


def test_a_features_file_that_is_cut_short(profile):
    file = write_features(profile.results_dir)
    file.write_bytes(file.read_bytes()[:50])
    text = message(profile)
    assert str(file) in text
    assert "not readable as safetensors" in text
    assert "copy it again or remove it" in text


def test_a_features_file_that_lacks_a_question(profile):
    file = write_features(profile.results_dir, images=IMAGES[:-1])
    text = message(profile)
    assert str(file) in text
    assert f"it has no '{IMAGES[-1]}'" in text
    assert "extract the features again or remove it" in text


@pytest.mark.parametrize("name", ["language", "question_id"])
def test_a_features_file_that_lacks_an_array(profile, name):
    file = write_features(profile.results_dir, without=name)
    text = message(profile)
    assert str(file) in text
    assert f"it has no '{name}'" in text


def test_a_features_file_with_fewer_rows_than_questions(profile):
    file = write_features(profile.results_dir)
    save_file({"language": np.zeros((3, 2), np.float32), "question_id": np.array(IMAGES, dtype=np.int64)}, file)
    assert str(file) in message(profile)


def test_features_are_standardised_numbers(shipped):
    training = shipped.features.standardised()[shipped.profile.samples(TRAIN)]
    np.testing.assert_allclose(training.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(training.std(axis=0), 1.0, atol=1e-3)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"question_id": np.array([*IMAGES[:-1], IMAGES[0]])}, "it has several rows for one question_id"),
        ({"question_id": np.full(len(IMAGES), np.nan)}, "question_id is nan"),
        ({"question_id": np.array(IMAGES)[:, None]}, "question_id is [0]"),
        ({"language": np.zeros(len(IMAGES), np.float32)}, "language has the shape (24,), not a row for each"),
        ({"language": np.full((len(IMAGES), 2), np.inf, np.float32)}, "language holds NaN or infinity"),
    ],
)
def test_features_that_belong_to_no_question_or_are_no_numbers(profile, arrays, sentence):
    file = write_features(profile.results_dir)
    save_file({"language": np.ones((len(IMAGES), 2), np.float32), "question_id": np.array(IMAGES), **arrays}, file)
    text = message(profile)
    assert f"{file}: {sentence}" in text
    assert "extract the features again or remove it" in text


def test_features_of_ids_as_decimals_are_those_of_the_ids(profile):
    file = write_features(profile.results_dir)
    before = load_features(profile).raw
    arrays = load_file(file)
    save_file(arrays | {"question_id": arrays["question_id"].astype(np.float64)}, file)
    np.testing.assert_array_equal(load_features(profile).raw, before)


def test_a_link_that_leads_to_no_features_is_no_leave_to_go_without(profile):
    (profile.results_dir / "toy-vqa" / "features.safetensors").symlink_to("nowhere")
    assert "not readable as safetensors" in message(profile)
