"""One cluster for all tests of this folder: nodes are slow to start, and whoever adds one takes it away again."""

from collections.abc import Iterator

import pytest
from made_up_cluster import MadeUpCluster, made_up_cluster

GPUS = {"a": 1, "b": 1, "c": 0}


@pytest.fixture(scope="session")
def cluster() -> Iterator[MadeUpCluster]:
    """A head without CPUs, two nodes with GPUs, and one without."""
    with made_up_cluster() as made_up:
        for name, gpus in GPUS.items():
            made_up.add(name, cpus=4, gpus=gpus)
        yield made_up
