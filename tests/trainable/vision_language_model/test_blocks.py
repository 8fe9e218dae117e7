"""Leaving out blocks."""

import pytest
import torch
from torch import nn

from trainable.vision_language_model.blocks import Blocks, obstacle


class Sum(nn.Module):
    """Adds the number of each block that runs."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(1, 1) for _ in range(count))
        for number, layer in enumerate(self.layers):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, number)

    def forward(self) -> list[int]:
        return [int(layer(torch.zeros(1))) for layer in self.layers]


def test_only_the_blocks_that_are_kept_run_and_all_come_back() -> None:
    model = Sum(5)
    blocks = Blocks(model, "layers", fixed=(0,))
    blocks.keep(blocks.active(3, [3, 1, 4]))
    assert model() == [0, 2, 4]
    blocks.keep(blocks.active(5, []))
    assert model() == [0, 1, 2, 3, 4]
    assert len(list(model.parameters())) == 10


@pytest.mark.parametrize(
    ("count", "drop_order"),
    [(0, [4, 3, 2, 1]), (6, []), (3, [4]), (3, [4, 4]), (4, [0]), (2, [4, 3, 1])],
    ids=["none", "too many", "order too short", "twice the same", "a fixed one", "another fixed one"],
)
def test_what_cannot_be_left_is_refused(count: int, drop_order: list[int]) -> None:
    blocks = Blocks(Sum(5), "layers", fixed=(0, 1))
    with pytest.raises(ValueError, match=f"^{count} of 5 blocks cannot be left"):
        blocks.active(count, drop_order)


def test_blocks_of_several_kinds_of_attention_stay() -> None:
    class Config:
        layer_types = ("full_attention", "sliding_attention", "full_attention")

    assert obstacle(Config()) == "its blocks differ in their attention (full_attention, sliding_attention)"
    Config.layer_types = ("full_attention",) * 3
    assert obstacle(Config()) == ""
    assert obstacle(object()) == ""
