"""The shipped model, loaded once for all of this folder's tests."""

import json

import pytest
from PIL import Image

from trainable.contract import PROJECT
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

SHIPPED = PROJECT / "results" / "profiles" / "digit_vqa"


@pytest.fixture(scope="session")
def shipped() -> VisionLanguageModel:
    return load_model(str(SHIPPED))


@pytest.fixture(scope="session")
def drop_order() -> list[int]:
    order: list[int] = json.loads((SHIPPED / "importance.json").read_text(encoding="utf-8"))["drop_order"]
    return order


@pytest.fixture(scope="session")
def mosaic() -> Image.Image:
    image = Image.open(SHIPPED / "questions" / "003.png")
    image.load()
    return image
