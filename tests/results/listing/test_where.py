"""Conditions: what they mean, and that nothing else than a comparison is understood, let alone run."""

from pathlib import Path

import pytest

from results.listing.where import parse_where
from trainable.contract import UserError

LATENCY = "Val/Latency_Mean"
EXACT = "pass@1 (exact match)"
COLUMNS = ["lr", "group_size", "status", "recipe", "pareto", "config/epoch", LATENCY, "reward.scale", "top-k", EXACT]
ROW = {
    "lr": 5e-4,
    "group_size": 8,
    "status": "stopped early",
    "recipe": None,
    "pareto": True,
    LATENCY: 9.5,
    "reward.scale": 2.0,
    "top-k": 4,
    EXACT: 0.25,
}


@pytest.mark.parametrize(
    "condition",
    [
        "lr < 1e-3 and group_size >= 8",
        "lr > 1 or not group_size != 8",
        "2 < group_size <= 8",
        "status == 'stopped early'",
        'status in ("completed", "stopped early") and group_size not in [4, 16]',
        "Val/Latency_Mean < 10",
        "Val / Latency_Mean > group_size",
        "reward.scale == 2 and top-k == 4",
        "pareto == True",
        f"`{EXACT}` > 0.2 and `lr` < `group_size`",
        "status != '`lr`'",
        "lr > -1",
        "(lr < 1\n and (group_size == 8))",
        "not recipe == 'default'",
    ],
)
def test_a_condition_holds(condition: str) -> None:
    assert parse_where(condition, COLUMNS)(ROW)


@pytest.mark.parametrize(
    "condition",
    [
        "lr >= 1e-3",
        "lr < 1e-3 and group_size > 8",
        "2 < group_size < 8",
        "status == 8",
        # A value that is not there fulfils nothing, its opposite neither.
        "recipe == 'default'",
        "recipe != 'default'",
        "recipe < 3",
        "recipe in ('default', 'original')",
        "recipe not in ('default', 'original')",
        "config/epoch >= 0",
    ],
)
def test_a_condition_does_not_hold(condition: str) -> None:
    assert not parse_where(condition, COLUMNS)(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch {file}') == 0",
        "open('{file}', 'w') == lr",
        "lr < [open('{file}', 'w') for _ in (1,)][0]",
        "(lambda: open('{file}', 'w'))() < lr",
        "lr.__class__ == 1",
        "().__class__.__bases__[0].__subclasses__() == lr",
        "lr < 9**9**9**9",
        "lr < 'a' * 10**10",
        "f'{{lr}}' == 'x'",
        "lr < (x := 3)",
        "lr if group_size < 8 else lr",
        "status in status",
        "lr < 1e-3 and group_size",
        "group_size",
        "lr",
        "1 < 2",
        "'a' == 'a'",
        "lr is None",
        "lr == None",
        "lr < 1j",
        "lr < ...",
        "lr + 1 < 3",
        "lr < -'a'",
        "group_size in (4, lr)",
        "`lr` + 1 < 3",
        "_column_99_ + 1 < 3",
    ],
)
def test_what_is_no_comparison_of_columns_gets_one_sentence_and_runs_nothing(text: str, tmp_path: Path) -> None:
    file = tmp_path / "ran"
    with pytest.raises(UserError) as refused:
        parse_where(text.format(file=file), COLUMNS)
    assert "\n" not in str(refused.value)
    assert "is no comparison; write comparisons of columns" in str(refused.value)
    assert "the columns are lr, group_size, status" in str(refused.value)
    assert not file.exists()


@pytest.mark.parametrize(
    "text", ["lr = 3", "lr <", "", "lr < 1; import os", "(" * 5000 + "lr", "not " * 100_000 + "lr < 1", "lr < 1\0"],
    ids=["assignment", "half", "empty", "statement", "parentheses", "depth", "null"],
)  # fmt: skip
def test_what_cannot_be_read_gets_one_short_sentence(text: str) -> None:
    with pytest.raises(UserError, match="cannot be read; write comparisons such as") as refused:
        parse_where(text, COLUMNS)
    assert len(str(refused.value)) < 200


def test_an_unknown_column_is_named_beside_those_that_there_are() -> None:
    for column in ("learning_rate", "Val/Latency", "`pass@1`", "`a b`"):
        name = column.strip("`")
        with pytest.raises(UserError, match=rf"there is no column '{name}'; .*the columns are lr, group_size"):
            parse_where(f"{column} < 1", COLUMNS)


def test_text_and_numbers_have_no_order() -> None:
    with pytest.raises(UserError, match=r"0\.0005' and '1e-3' cannot be put in order"):
        parse_where("lr < '1e-3'", COLUMNS)(ROW)
