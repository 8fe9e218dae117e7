"""What a server calls."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deploying import Deployed
from PIL import Image
from safetensors.numpy import load_file, save_file
from shipped_store import MODEL, QUESTIONS

from trainable import export
from trainable.contract import UserError
from trainable.exported_policy import ExportedPolicy
from trainable.serving.budget_map import BudgetMap
from trainable.serving.controller import AdaptiveModel
from trainable.serving.serving_file import ServingFacts, read_facts, write_facts
from trainable.vision_language_model.answer import Answer
from trainable.vision_language_model.families.inputs import Inputs

LOOSE_MS, TIGHT_MS = 1000.0, 1.0


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """Questions of the shipped profile about three images, as their dataset has them."""
    lines = (QUESTIONS / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:12]]


@pytest.fixture(scope="module")
def row(rows: list[dict]) -> dict:
    return rows[8]


@pytest.fixture(scope="module")
def image(row: dict) -> Image.Image:
    return Image.open(QUESTIONS / row["file_name"])


def test_each_request_is_answered_under_what_the_policy_turns_for_its_budget(
    adaptive: AdaptiveModel, rows: list[dict]
) -> None:
    knobs, used = adaptive.policy.config["knobs"], []
    for row in rows:
        image = Image.open(QUESTIONS / row["file_name"])
        loose, tight = (adaptive.answer(image, row["question"], budget_ms) for budget_ms in (LOOSE_MS, TIGHT_MS))
        for served in (loose, tight):
            assert all(value in knobs[name] for name, value in served.configuration.items())
            seen = {"low": 16, "medium": 49, "high": 196}[served.configuration["tier"]]
            assert served.answer.num_vision_tokens == seen
        assert loose.configuration["num_active_blocks"] >= tight.configuration["num_active_blocks"]
        used.append((loose.configuration, tight.configuration))
        # the same request again gets the same: nothing of the one before it stays
        again = adaptive.answer(image, row["question"], LOOSE_MS)
        assert (again.configuration, again.answer.text) == (loose.configuration, loose.answer.text)
    assert any(loose != tight for loose, tight in used)


class Pondering(ExportedPolicy):
    """Takes a while to decide."""

    SECONDS = 0.02

    def choose(self, language: np.ndarray | str, vision: np.ndarray | None, budget_ms: float) -> dict[str, str | int]:
        time.sleep(self.SECONDS)
        return super().choose(language, vision, budget_ms)


def test_what_the_policy_takes_is_part_of_the_latency(
    adaptive: AdaptiveModel, deployed: Deployed, image: Image.Image, row: dict
) -> None:
    slow = AdaptiveModel(Pondering.load(deployed.folder), adaptive.model, adaptive.facts)
    served = slow.answer(image, row["question"], LOOSE_MS)
    assert served.decision_ms >= 1e3 * Pondering.SECONDS
    assert served.overhead_ms == served.features_ms + served.decision_ms
    assert served.latency_ms == served.overhead_ms + served.answer.total_ms


def test_the_overhead_is_taken_off_the_budget_and_the_rest_is_asked_in_the_profiles_ms() -> None:
    here = ServingFacts((), 1, 1, overhead_ms=2.0)
    assert here.asked_ms(12.0) == 10.0
    twice_as_slow = BudgetMap(here_ms=(10.0, 40.0), profile_ms=(5.0, 20.0))
    assert ServingFacts((), 1, 1, overhead_ms=2.0, budget_map=twice_as_slow).asked_ms(22.0) == 10.0
    assert 0 < here.asked_ms(1.0) < 0.01  # nothing is left: as little as can be asked


def test_how_to_serve_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_facts(tmp_path) is None
    for budget_map in (None, BudgetMap((1.0, 2.0), (3.0, 4.0))):
        facts = ServingFacts((3, 1, 2), 16, 2, 0.5, budget_map)
        write_facts(tmp_path, facts)
        assert read_facts(tmp_path) == facts
    (tmp_path / "serving.json").write_text('{"drop_order": 3}', encoding="utf-8")
    with pytest.raises(UserError, match="deploy the checkpoint again"):
        read_facts(tmp_path)


def test_an_exported_policy_is_served_with_the_importance_of_blocks(
    trial: Path, tmp_path: Path, image: Image.Image, row: dict
) -> None:
    assert export.main([str(trial), "--output", str(tmp_path)]) == 0
    with pytest.raises(UserError, match="it does not say in which order blocks are dropped"):
        AdaptiveModel.load(tmp_path, str(MODEL))
    served = AdaptiveModel.load(tmp_path, str(MODEL), importance=MODEL / "importance.json")
    assert served.answer(image, row["question"], budget_ms=LOOSE_MS).answer.text.isdecimal()


def test_a_budget_that_is_none_is_refused(adaptive: AdaptiveModel, image: Image.Image, row: dict) -> None:
    for budget_ms in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="a number of ms above 0"):
            adaptive.answer(image, row["question"], budget_ms)


def test_a_policy_of_another_model_is_refused(adaptive: AdaptiveModel, deployed: Deployed, tmp_path: Path) -> None:
    config = json.loads((deployed.folder / "config.json").read_text(encoding="utf-8"))
    save_file(load_file(deployed.folder / "policy.safetensors"), tmp_path / "policy.safetensors")

    def of_another(**changes: object) -> ExportedPolicy:
        (tmp_path / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
        return ExportedPolicy.load(tmp_path)

    knobs = config["knobs"]
    for changes, sentence in (
        ({"knobs": knobs | {"top_k": [1, 2, 4, 16]}}, "trained to choose top_k 16"),
        ({"knobs": {name: knobs[name] for name in ("tier", "top_k")}}, "has a knob num_active_blocks"),
        ({"language_size": 32}, "reads 32 language features"),
    ):
        with pytest.raises(UserError, match=sentence):
            AdaptiveModel(of_another(**changes), adaptive.model, adaptive.facts)
    with pytest.raises(UserError, match="the blocks' order"):
        AdaptiveModel(adaptive.policy, adaptive.model, ServingFacts((1, 2), 1, 1))


def test_the_image_is_seen_once_where_the_tier_of_the_features_is_chosen(
    adaptive: AdaptiveModel, rows: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, kept = adaptive.model, []

    def answer(inputs: Inputs, max_new_tokens: int, seen: Any = None) -> Answer:
        kept.append(seen is not None)
        again = type(model).answer(model, inputs, max_new_tokens)
        served = type(model).answer(model, inputs, max_new_tokens, seen)
        assert served.text == again.text
        return served

    monkeypatch.setattr(model, "answer", answer)
    tiers = [
        adaptive.answer(Image.open(QUESTIONS / row["file_name"]), row["question"], budget_ms).configuration["tier"]
        for row in rows
        for budget_ms in (LOOSE_MS, TIGHT_MS)
    ]
    assert kept == [tier == "low" for tier in tiers]
    assert {True, False} == set(kept)
