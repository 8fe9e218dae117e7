"""A profile carried over to a machine that takes what we say for it."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from profiles import IMAGES, record, write_file

from trainable.contract import UserError
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile, load_profile
from trainable.serving.carrying_over import carry_over
from trainable.serving.serving_file import ServingFacts
from trainable.vision_language_model.answer import Answer

CONFIGURATIONS = [(tier, top_k, 4) for tier in ("low", "high") for top_k in (1, 2, 4)]


def stages_ms(image: int, tier: str, top_k: int) -> dict[str, float]:
    vision, prefill = (1.0, 5.0)[tier == "high"], 4.0 + 2.0 * top_k + 0.1 * (image % 5)
    return {"T_vision_total": vision, "T_LLM_prefill": prefill, "T_LLM_decode": 0.0}


class SlowerMachine:
    """Answers as a model does, with the times that a profile has, times 3 in vision and 1.5 plus 2 ms in prefill."""

    def turn(self, configuration: dict, drop_order: tuple[int, ...]) -> None:
        self.configuration = configuration

    def read(self, image: int, question: str) -> int:
        return image

    def answer(self, image: int, max_new_tokens: int) -> Answer:
        there = stages_ms(image, self.configuration["tier"], self.configuration["top_k"])
        vision_ms, prefill_ms = 3.0 * there["T_vision_total"], 1.5 * there["T_LLM_prefill"] + 2.0
        return Answer("8", 16, 4, 1, vision_ms=vision_ms, prefill_ms=prefill_ms, decode_ms=0.0)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question whose image is its number."""

    key: object
    question: str

    def image(self) -> int:
        return int(self.key.image_id)


@pytest.fixture
def adaptive() -> SimpleNamespace:
    return SimpleNamespace(model=SlowerMachine(), facts=ServingFacts((), 1, 1))


def measured_profile(folder: Path, total_ms: float | None = None) -> Profile:
    for configuration in CONFIGURATIONS:
        records = []
        for image in IMAGES:
            stages = stages_ms(image, *configuration[:2])
            records.append(record(image, 1.0, total_ms or sum(stages.values()), **stages))
        write_file(folder, configuration, records)
    return load_profile(folder)


def training(profile: Profile, count: int) -> list[Asked]:
    return [Asked(profile.keys[row], profile.questions[row]) for row in profile.samples(TRAIN)[:count]]


def test_the_whole_profile_is_in_this_machines_ms(tmp_path: Path, adaptive: SimpleNamespace) -> None:
    profile = measured_profile(tmp_path)
    carried = carry_over(profile, adaptive, training(profile, 8))
    assert carried.calibration.slopes == pytest.approx((3.0, 1.5, 0.0))
    assert carried.calibration.error_after == pytest.approx(0.0, abs=1e-6)
    row, column = profile.samples(TRAIN)[-1], profile.grid.configurations.index(("high", 2, 4))
    prefill_ms = float(profile.latency_ms[row, column]) - 5.0
    assert carried.profile.latency_ms[row, column] == pytest.approx(15.0 + 1.5 * prefill_ms + 2.0)
    assert carried.profile.accuracy is profile.accuracy
    # asked for what a configuration takes here, the policy is asked for what it takes in the profile
    training_rows = profile.samples(TRAIN)
    here_ms, there_ms = (
        float(of[training_rows, column].mean()) for of in (carried.profile.latency_ms, profile.latency_ms)
    )
    assert carried.budget_map.in_profile_ms(here_ms) == pytest.approx(there_ms, rel=1e-5)
    in_words = carried.calibration.in_words()
    assert "Calibrated on 8 samples (48 cells): vision x 3 + 0.00 ms, prefill x 1.5 + 2.00 ms" in in_words


def test_what_cannot_be_carried_over_is_refused(tmp_path: Path, adaptive: SimpleNamespace) -> None:
    profile = measured_profile(tmp_path / "profile")
    strangers = [
        dataclasses.replace(one, key=dataclasses.replace(one.key, dataset="b")) for one in training(profile, 8)
    ]
    with pytest.raises(UserError, match="none of the dataset's training questions is in the profile"):
        carry_over(profile, adaptive, strangers)
    with pytest.raises(UserError, match="totals that are not the sum of its stages"):
        carry_over(measured_profile(tmp_path / "totals", total_ms=90.0), adaptive, training(profile, 8))
