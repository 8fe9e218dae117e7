"""Tiny checkpoints of the families, each written and loaded once for all of this folder's tests."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from tiny_vlms import write_molmoe_stand_in, write_tiny_vlm

from trainable.vision_language_model.knob_values import KNOBS_FILE
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

TIERS = {"low": 16, "medium": 36, "high": 1024}
"""Where they are numbers of tokens: of the tests' image, of 150 tokens at most."""
COUNTED_IN_TOKENS = ("glm4v_moe", "qwen3_vl_moe")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """A family's folder."""

    @cache
    def write(family: str) -> Path:
        folder = tmp_path_factory.mktemp(family)
        if family == "molmoe":
            return write_molmoe_stand_in(folder)
        if family in COUNTED_IN_TOKENS:
            (folder / KNOBS_FILE).write_text(json.dumps({"tiers": TIERS}), encoding="utf-8")
        return write_tiny_vlm(folder, family)

    with pytest.MonkeyPatch.context() as patch:  # where transformers copies the code that a checkpoint brings
        patch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield write


@pytest.fixture(scope="session")
def tiny(checkpoint: Callable[[str], Path]) -> Callable[[str], VisionLanguageModel]:
    """A family's model; whoever uses it turns it first."""
    return cache(lambda family: load_model(str(checkpoint(family)), trust_remote_code=family == "molmoe"))
