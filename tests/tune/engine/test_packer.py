"""What becomes of a round when a trial tells what it takes of a GPU, or that it had not enough of one."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from results.record.placement import read_placement
from trainable import contract
from tune.cluster.allotment import Allotment
from tune.engine.packer import Packer
from tune.engine.rounds import Round


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def packer(tmp_path: Path, said: list[str]) -> Packer:
    return Packer(tmp_path, 0.25, said.append)


def starved(kind: str = contract.OUT_OF_GPU_MEMORY) -> dict[str, Any]:
    return {contract.EPOCH: 2, contract.FAILURE: {"kind": kind, "epoch": 3, "cause": "none left"}}


def test_several_that_have_not_enough_in_one_round_halve_the_packing_once(
    packer: Packer, said: list[str], tmp_path: Path
) -> None:
    this_round, results = Round(Allotment(1.0, 0.25)), [starved(), starved()]
    for number, result in enumerate(results):
        packer.hear(number, result, this_round)
    assert this_round.next_allotment == Allotment(1.0, 0.5)
    assert [result[contract.PAUSED] for result in results] == [contract.LAID_DOWN] * 2
    assert [packing.trials_per_gpu for packing in read_placement(tmp_path).packings] == [2]
    assert said == [
        "trial 0 ran out of GPU memory in epoch 3 with 4 on a GPU; from now on 2 share one, and no epoch before it is "
        "lost"
    ]


def test_what_else_the_next_round_is_to_be_stays(packer: Packer) -> None:
    this_round = Round(Allotment(1.0, 0.25))
    this_round.end(dataclasses.replace(this_round.allotment, set_aside=frozenset({"broken"})))
    packer.hear(0, starved(), this_round)
    assert this_round.next_allotment == Allotment(1.0, 0.5, set_aside=frozenset({"broken"}))


@pytest.mark.parametrize(
    ("gpus", "kind"),
    [(1.0, contract.OUT_OF_GPU_MEMORY), (0.0, contract.OUT_OF_GPU_MEMORY), (0.25, contract.OUT_OF_MEMORY)],
)
def test_who_shares_no_gpu_or_lacked_another_memory_has_failed(packer: Packer, gpus: float, kind: str) -> None:
    this_round, result = Round(Allotment(1.0, gpus)), starved(kind)
    packer.hear(0, result, this_round)
    assert not this_round.is_ending
    assert contract.PAUSED not in result


def test_where_nothing_can_be_read_each_trial_keeps_a_gpu_to_itself_and_the_round_goes_on(
    packer: Packer, said: list[str], tmp_path: Path
) -> None:
    this_round = Round(Allotment(1.0, 1.0, finds_packing=True))
    for number in range(2):
        packer.hear(number, {contract.EPOCH: 1, contract.GPU_USE: None}, this_round)
    assert not this_round.is_ending
    (line,) = said
    assert line.startswith("--gpus_per_trial auto: what trial 0 took of its GPU cannot be read: each trial has one to")
    (packing,) = read_placement(tmp_path).packings
    assert (packing.trials_per_gpu, packing.measured) == (1, None)
