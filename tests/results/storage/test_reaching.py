"""Whether a machine reaches what trials write to: asked in a folder, and in a store on a real S3 server."""

from pathlib import Path

import pytest
from s3_server import S3Server

from results.storage import reaching
from results.storage.errors import Refused
from results.storage.reaching import prove, shared_folder, why_not_folder, why_not_store, why_not_sweep
from results.storage.store import open_store


@pytest.fixture(autouse=True)
def _nothing_appears_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "SECONDS_TO_APPEAR", 0.0)


def test_who_sees_the_folder_answers_there_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    storage = tmp_path / "not" / "made" / "yet"
    with shared_folder(storage) as shared:
        assert why_not_folder(shared.folder, shared.mark, "node-1") == ""
        assert not shared.why_not_answered("node-1")
        assert shared.why_not_answered("node-2") == "what it writes there does not arrive"
    assert list(tmp_path.iterdir()) == []


def test_what_lay_there_and_what_others_lay_there_meanwhile_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with shared_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "sweep").mkdir()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["sweep"]


def test_a_machine_with_another_folder_of_that_path_does_not_reach_it(tmp_path: Path) -> None:
    with shared_folder(tmp_path / "here") as shared:
        nothing = why_not_folder(tmp_path / "elsewhere", shared.mark, "node-1")
        another = why_not_folder(shared.folder, "another's mark", "node-1")
    assert nothing == "it does not see what is written there (No such file or directory)"
    assert another == "it sees another thing there"


def test_a_machine_that_joins_tells_whether_it_sees_the_sweep_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("name: a\n", encoding="utf-8")
    assert why_not_sweep(tmp_path, "name: a\n", "node-1") == ""
    assert why_not_sweep(tmp_path, "name: b\n", "node-1") == "it sees another thing there"
    assert "No such file" in why_not_sweep(tmp_path / "elsewhere", "name: a\n", "node-1")
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.yaml"]


def test_a_store_is_reached_by_who_may_write_to_it_and_nothing_is_left_there(s3_here: S3Server) -> None:
    store = open_store(s3_here.fresh())
    prove(store)
    assert why_not_store(store) == ""
    assert store.list() == {}


def test_a_store_that_may_only_be_read_is_refused(s3_here: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3_here.reading_only.items():
        monkeypatch.setenv(name, value)
    store = open_store(s3_here.fresh())
    assert why_not_store(store).startswith(f"{store.address}: access is refused (ACCESS_DENIED at PutObject)")
    with pytest.raises(Refused):
        prove(store)
