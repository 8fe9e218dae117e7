"""How many trials are put on one GPU."""

import dataclasses

import pytest

from trainable.contract import SettingError
from trainable.runs import GpuUse
from tune.cluster.allotment import Allotment, require_precision
from tune.cluster.nodes import Node, fitting
from tune.cluster.packing import by_cpus, packed, share_of, sharing

USE = GpuUse("a card", total_mb=24_000, peak_mb=2_000, busy=None)


@pytest.mark.parametrize(
    ("peak_mb", "busy", "cpus", "number", "limit"),
    [
        pytest.param(2_000, None, 32, 9, "its memory", id="24,000 / (2,000 x 1.25) is 9.6"),
        pytest.param(2_000, 0.3, 32, 4, "its time", id="a fourth fills the tenth that three leave"),
        pytest.param(2_000, 1.0, 32, 1, "its time", id="one that leaves nothing"),
        pytest.param(2_000, 0.0, 32, 9, "its memory", id="never seen busy says nothing"),
        pytest.param(2_000, 0.1, 6, 6, "the CPU cores beside it", id="no more than cores feed"),
        pytest.param(23_000, 0.1, 6, 1, "its memory", id="one always fits: it did"),
    ],
)
def test_as_many_share_a_gpu_as_memory_time_and_cores_allow(
    peak_mb: float, busy: float | None, cpus: int, number: int, limit: str
) -> None:
    found = packed(dataclasses.replace(USE, peak_mb=peak_mb, busy=busy), cpus)
    assert (found.trials_per_gpu, found.limit) == (number, limit)


def test_cores_are_counted_for_each_gpu_on_the_node_that_has_most() -> None:
    nodes = [Node("a", "a", "", 16, 4), Node("b", "b", "", 9, 2), Node("c", "c", "", 64, 0)]
    assert by_cpus(nodes, 1) == 5  # 4.5 of the second's for each of its two
    assert by_cpus(nodes, 4) == 1
    assert by_cpus(nodes[2:], 1) == 1


@pytest.mark.parametrize("number", range(1, 20))
def test_all_whose_shares_make_a_gpu_fit_on_it(number: int) -> None:
    assert sharing(share_of(number)) == number
    assert fitting([Node("a", "a", "", 64, 1)], 1, share_of(number)) == number


def test_whole_gpus_are_shared_with_nobody() -> None:
    assert [sharing(gpus) for gpus in (0.0, 1.0, 2.0, 0.3, 0.25)] == [1, 1, 1, 3, 4]


def test_a_precision_of_gpus_is_refused_where_trials_run_on_cpus() -> None:
    with pytest.raises(SettingError, match=r"^precision is tf32, which some GPUs have; on CPUs give bf16 or fp32$"):
        require_precision("tf32", Allotment(1, 0))
    require_precision("tf32", Allotment(1, 0.5))
    require_precision("bf16", Allotment(1, 0))
