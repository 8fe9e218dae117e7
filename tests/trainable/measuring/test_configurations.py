"""Which configurations are measured."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from trainable.contract import UserError
from trainable.measuring.configurations import choose_configurations, knob_values
from trainable.profiles.knobs import KnobGrid

GRID = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low", "high"), (1, 2, 4), (4, 8, 16)))


def chosen(
    tmp_path: Path, content: Any = None, most: int | None = None, grid: KnobGrid = GRID
) -> list[tuple[str | int, ...]]:
    """What is measured, by the knobs' values; the file is written when it has a content."""
    file = tmp_path / "wanted.json"
    if content is not None:
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    narrowed, indices = choose_configurations(grid, file if content is not None else None, most)
    assert narrowed.names == grid.names
    return [narrowed.configurations[index] for index in indices]


def test_all_are_measured_unless_something_is_said() -> None:
    assert choose_configurations(GRID, None, None) == (GRID, tuple(range(18)))
    assert choose_configurations(GRID, None, 18) == (GRID, tuple(range(18)))


def test_values_of_knobs_are_combined(tmp_path: Path) -> None:
    assert chosen(tmp_path, {"tier": ["high"], "num_active_blocks": [16, 4]}) == [
        ("high", top_k, blocks) for top_k in (1, 2, 4) for blocks in (4, 16)
    ]


def test_a_list_is_taken_as_it_is_each_once(tmp_path: Path) -> None:
    dear = {"tier": "high", "top_k": 4, "num_active_blocks": 16}
    cheap = {"num_active_blocks": 4, "tier": "low", "top_k": 1}
    assert chosen(tmp_path, [dear, cheap, dear]) == [("low", 1, 4), ("high", 4, 16)]


def test_the_grid_has_the_values_that_are_measured_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "wanted.json").write_text('{"top_k": [4], "num_active_blocks": [16, 4]}', encoding="utf-8")
    grid, indices = choose_configurations(GRID, tmp_path / "wanted.json", 3)
    assert grid.values == (("low", "high"), (4,), (4, 16))
    assert len(indices) == 3


def test_a_model_is_told_which_values_it_must_be_able_to_have(tmp_path: Path) -> None:
    (tmp_path / "wanted.json").write_text(
        '[{"tier": "low", "top_k": 3}, {"tier": "low", "top_k": 1}]', encoding="utf-8"
    )
    assert knob_values(tmp_path / "wanted.json") == {"tier": ("low",), "top_k": (3, 1)}


def test_a_few_are_spread_over_the_grid_the_cheapest_and_the_dearest_among_them(
    tmp_path: Path,
) -> None:
    for most in range(2, 18):
        few = chosen(tmp_path, most=most)
        assert len(set(few)) == most
        assert (few[0], few[-1]) == (("low", 1, 4), ("high", 4, 16))
        if most == 5:  # of 18: all values are among them, and no two that differ in one step of one knob
            assert [len(set(values)) for values in zip(*few, strict=True)] == [2, 3, 3]
            places = [[values.index(value) for values, value in zip(GRID.values, one, strict=True)] for one in few]
            for one, other in itertools.combinations(places, 2):
                assert sum(abs(here - there) for here, there in zip(one, other, strict=True)) > 1


def test_a_few_are_of_those_that_a_file_names(tmp_path: Path) -> None:
    few = chosen(tmp_path, {"top_k": [2, 4]}, most=3)
    assert few[0] == ("low", 2, 4)
    assert few[-1] == ("high", 4, 16)
    assert len(few) == 3
    assert all(top_k in (2, 4) for _, top_k, _ in few)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Expecting property name"),
        ("3", "it is neither an object of each knob's values nor a list of configurations; mend it"),
        ([], "it is neither an object"),
        ({"topk": [1]}, "there is no knob 'topk', only tier, top_k, num_active_blocks"),
        ({"top_k": 1}, "top_k is 1, not whole numbers"),
        ({"top_k": [True]}, "top_k is [true], not whole numbers"),
        ({"tier": [1]}, "tier is [1], not names"),
        ({"top_k": [1, 3]}, "top_k 3 cannot be had; it can be 1, 2, 4"),
        ([{"tier": "low", "top_k": 1}], '{"tier": "low", "top_k": 1} lacks num_active_blocks; name every'),
        ({"tier": ["low"], "top_k": [1], "num_active_blocks": [4]}, "there is nothing to choose; name 2 or more"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_in_a_sentence(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        chosen(tmp_path, content)
    assert str(caught.value).startswith(f"--configurations {tmp_path / 'wanted.json'}: ")
    assert said in str(caught.value)


def test_a_knob_that_the_model_has_not_is_not_asked_for(tmp_path: Path) -> None:
    dense = KnobGrid(("tier", "num_active_blocks"), (("low", "high"), (4, 8)))
    assert chosen(tmp_path, {"num_active_blocks": [4]}, grid=dense) == [("low", 4), ("high", 4)]
    with pytest.raises(UserError, match="the model has no knob top_k, only tier, num_active_blocks; take it out"):
        chosen(tmp_path, {"top_k": [1]}, grid=dense)
