"""What is refused when a checkpoint is loaded, in one sentence each."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from trainable.contract import PROJECT, UserError
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

SHIPPED = PROJECT / "results" / "profiles" / "digit_vqa"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Of the shipped checkpoint, without what else lies beside it."""
    for file in SHIPPED.iterdir():
        if file.is_file() and file.name not in ("images.safetensors", "PROVENANCE.md"):
            shutil.copy(file, tmp_path)
    return tmp_path


def write_config(folder: Path, **config: object) -> str:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: there is no such folder; say where the checkpoint lies$"):
        load_model(str(tmp_path / "nowhere"))


def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"its config.json names no model_type \(FileNotFoundError\)"):
        load_model(str(tmp_path))


def test_a_language_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"qwen2 is no vision-language model; known are .*llava"):
        load_model(write_config(tmp_path, model_type="qwen2", hidden_size=8))


def test_a_family_that_is_not_known_is_told_where_to_add_it(tmp_path: Path) -> None:
    path = write_config(tmp_path, model_type="paligemma", vision_config={}, text_config={})
    said = r"its family, paligemma, is not known; known are .*llava.* in trainable/vision_language_model/families/$"
    with pytest.raises(UserError, match=said):
        load_model(path)
    assert (PROJECT / "trainable/vision_language_model/families").is_dir()


def test_a_checkpoint_without_a_processor(copy: Path) -> None:
    (copy / "processor_config.json").unlink()
    with pytest.raises(UserError, match="processor"):
        load_model(str(copy))
    (copy / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="processor"):
        load_model(str(copy))


def test_weights_that_are_cut_off(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    with pytest.raises(UserError, match="no usable model"):
        load_model(str(copy))


def test_weights_of_another_model(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["hidden_size"] = 128
    write_config(copy, **config)
    with pytest.raises(UserError, match="no usable model"):
        load_model(str(copy))


def test_weights_of_which_some_are_missing(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    weights.pop("language_model.lm_head.weight")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"its files lack 1 of the weights, such as lm_head\.weight"):
        load_model(str(copy))


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(UserError, match="cuda:99"):
        load_model(str(SHIPPED), device="cuda:99")


def test_values_that_are_asked_for_are_the_knobs(shipped: VisionLanguageModel, mosaic: Image.Image) -> None:
    model = load_model(str(SHIPPED), tiers=["high", "medium"], top_k=[8, 3], num_active_blocks=[16, 5])
    assert model.grid.values == (("medium", "high"), (3, 8), (5, 16))
    np.testing.assert_array_equal(model.vision_features(mosaic), shipped.vision_features(mosaic))


def test_values_that_cannot_be_had() -> None:
    with pytest.raises(UserError, match="top_k 17 cannot be had; this model takes 1 to 16"):
        load_model(str(SHIPPED), top_k=[17])
    with pytest.raises(UserError, match="num_active_blocks 0 cannot be had; this model takes 1 to 16"):
        load_model(str(SHIPPED), num_active_blocks=[0, 4])
    with pytest.raises(UserError, match="tier 'huge' cannot be had; the model has low, medium, high"):
        load_model(str(SHIPPED), tiers=["huge"])


def test_who_a_model_is_depends_on_what_it_answers_and_on_nothing_else(
    shipped: VisionLanguageModel, copy: Path
) -> None:
    (copy / "importance.json").unlink()
    (copy / "notes.txt").write_text("mine", encoding="utf-8")
    assert load_model(str(copy)).identity == shipped.identity
    config = (copy / "generation_config.json").read_text(encoding="utf-8")
    (copy / "generation_config.json").write_text(config.replace("1", "2"), encoding="utf-8")
    assert load_model(str(copy)).identity != shipped.identity
    (copy / "generation_config.json").write_text(config, encoding="utf-8")
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert load_model(str(copy)).identity != shipped.identity
