"""Which values the knobs can have."""

from pathlib import Path

import pytest

from trainable.contract import UserError
from trainable.vision_language_model.knob_values import (
    KnobLimits,
    Wishes,
    knob_grid,
    read_wishes,
    tier_numbers,
    wanted_tiers,
)

TIERS = {"low": 112, "medium": 224, "high": 336}
OLMOE = KnobLimits(TIERS, top_k=8, most_experts=64, num_blocks=16, num_fixed_blocks=1)
NOBODY = Wishes()


def test_by_rule_top_k_doubles_and_blocks_are_quarters() -> None:
    grid = knob_grid("m", OLMOE, list(TIERS), NOBODY, NOBODY)
    assert grid.names == ("tier", "top_k", "num_active_blocks")
    assert grid.values == (("low", "medium", "high"), (1, 2, 4, 8), (4, 8, 12, 16))


def test_a_top_k_that_is_no_power_of_two_is_the_last() -> None:
    limits = KnobLimits(TIERS, top_k=6, most_experts=64, num_blocks=27, num_fixed_blocks=1)
    # quarters of 27: 6.75, 13.5, 20.25, 27
    assert knob_grid("m", limits, list(TIERS), NOBODY, NOBODY).values[1:] == ((1, 2, 4, 6), (7, 14, 20, 27))


def test_blocks_that_never_go_are_in_every_value() -> None:
    limits = KnobLimits(TIERS, top_k=2, most_experts=8, num_blocks=8, num_fixed_blocks=3)
    assert knob_grid("m", limits, list(TIERS), NOBODY, NOBODY).values[2] == (4, 6, 8)
    with pytest.raises(UserError, match="m: num_active_blocks 2 cannot be had; this model takes 3 to 8"):
        knob_grid("m", limits, list(TIERS), NOBODY, Wishes(num_active_blocks=[2]))


def test_a_model_without_a_knob_lacks_it() -> None:
    dense = KnobLimits(TIERS, top_k=1, most_experts=1, num_blocks=8, num_fixed_blocks=1)
    assert knob_grid("m", dense, list(TIERS), NOBODY, NOBODY).names == ("tier", "num_active_blocks")
    all_fixed = KnobLimits(TIERS, top_k=4, most_experts=8, num_blocks=8, num_fixed_blocks=8)
    assert knob_grid("m", all_fixed, list(TIERS), NOBODY, NOBODY).names == ("tier", "top_k")
    with pytest.raises(UserError, match="m: top_k 2 cannot be had; this model takes 1 to 1"):
        knob_grid("m", dense, list(TIERS), NOBODY, Wishes(top_k=[1, 2]))


def test_the_user_decides_before_the_checkpoint_and_that_before_the_rule() -> None:
    checkpoint = Wishes(top_k=[2, 8], num_active_blocks=[16, 10])
    grid = knob_grid("m", OLMOE, list(TIERS), checkpoint, Wishes(top_k=[8, 5]))
    assert grid.values[1:] == ((5, 8), (10, 16))


def test_tiers_come_cheapest_first_wherever_they_are_from() -> None:
    checkpoint = Wishes(tiers={"fine": 56, "coarse": 16})
    assert list(tier_numbers(OLMOE, checkpoint).items()) == [("coarse", 16), ("fine", 56)]
    assert tier_numbers(OLMOE, NOBODY) == TIERS
    assert wanted_tiers("m", TIERS, ["high", "low"]) == ["low", "high"]
    assert wanted_tiers("m", TIERS, None) == ["low", "medium", "high"]


@pytest.mark.parametrize(
    "text",
    ['{"top": [1]}', "[1]", "{", '{"top_k": 3}', '{"top_k": [0]}', '{"tiers": {"low": "x"}}', '{"tiers": ["low"]}'],
)
def test_a_file_of_knobs_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "knobs.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"knobs.json: .*; it can hold tiers"):
        read_wishes(tmp_path)


def test_a_checkpoint_without_such_a_file_wishes_nothing(tmp_path: Path) -> None:
    assert read_wishes(tmp_path) == NOBODY
    (tmp_path / "knobs.json").write_text('{"top_k": [1, 4]}', encoding="utf-8")
    assert read_wishes(tmp_path) == Wishes(top_k=[1, 4])
