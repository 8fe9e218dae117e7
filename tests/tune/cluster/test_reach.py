"""Whether nodes reach what trials write to: asked in tasks of the Ray of this process, which has one node alone."""

import time
from pathlib import Path

import pytest
from sweep_here import ray_here

from results.storage.errors import Missing, StorageError
from results.storage.store import Store, open_store
from tune.cluster.nodes import Node, nodes
from tune.cluster.reach import Newcomers, require_reached


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    ray_here()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "sweep.yaml").write_text("name: a\n", encoding="utf-8")
    return tmp_path / "a"


def unusable(folder: Path) -> Store:
    """A store where a file is in the way."""
    (folder / "file").write_text("", encoding="utf-8")
    return open_store(f"local://{folder}/file")


def answers_of(newcomers: Newcomers, joined: list[Node]) -> dict[Node, str]:
    answers = newcomers(joined)
    deadline = time.monotonic() + 60
    while not answers:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        answers = newcomers([])
    return answers


def test_a_node_that_joins_answers_from_a_process_of_its_own(sweep: Path, tmp_path: Path) -> None:
    (node,) = nodes()
    assert answers_of(Newcomers(sweep, None), [node]) == {node: ""}
    (why,) = answers_of(Newcomers(sweep, unusable(tmp_path)), [node]).values()
    assert f"local://{tmp_path}/file" in why
    assert [path.name for path in sweep.iterdir()] == ["sweep.yaml"]


def test_one_that_has_left_meanwhile_is_passed_over(sweep: Path) -> None:
    (node,) = nodes()
    gone = Node("ab" * 28, "gone", "10.0.0.9", 1, 0)
    newcomers = Newcomers(sweep, None)
    newcomers([gone])
    time.sleep(2)
    assert answers_of(newcomers, [node]) == {node: ""}


def test_a_store_that_cannot_be_used_is_refused_on_one_machine_too_and_a_folder_is_not_asked_for(
    sweep: Path, tmp_path: Path
) -> None:
    with pytest.raises(StorageError) as refusal:
        require_reached(tmp_path, unusable(tmp_path), nodes())
    assert not isinstance(refusal.value, Missing)
    require_reached(tmp_path / "nowhere", None, nodes())
    assert not (tmp_path / "nowhere").exists()
